"""Questions about addresses and machines on the LAN."""
