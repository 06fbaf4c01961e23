"""Books: long texts that the cluster speaks in its spare time, piece by piece."""
