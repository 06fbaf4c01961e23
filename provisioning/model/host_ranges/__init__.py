"""Names of hosts as ranges."""
