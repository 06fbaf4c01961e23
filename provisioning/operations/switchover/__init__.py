"""The VIPs on another director, on purpose."""
