"""The firewall of a host of whatever role."""
