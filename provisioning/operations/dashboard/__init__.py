"""Boards of a cluster that is monitored: where they are, and the way to them."""
