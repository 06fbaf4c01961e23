"""A run that changes a cluster: alone with it, journaled, and with what the cluster remembers."""
