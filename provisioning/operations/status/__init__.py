"""What a living cluster is like: a look at every host, what is wrong, all as data."""
