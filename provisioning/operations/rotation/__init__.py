"""Exchange of secrets on a living cluster, in phases: the new one is good everywhere before it is
used, and the old one as long as anybody uses it."""
