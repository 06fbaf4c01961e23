"""Logs of the services on the hosts."""
