"""State and faults of a living cluster, for people and as data."""
