"""Rules about VRRP."""
