"""The host that keeps the logs of all."""
