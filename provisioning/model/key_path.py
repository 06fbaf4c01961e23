"""Path of a key or item in the inventory."""

KeyPath = tuple[str | int, ...]
"""``("services", 0, "port")``."""
