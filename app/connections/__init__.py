"""What a connection may take of a node: time, bytes, and a place among the others."""
