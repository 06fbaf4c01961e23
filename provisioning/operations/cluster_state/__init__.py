"""State of a living cluster: one look at every host, as data."""
