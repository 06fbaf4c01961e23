"""The cluster of an inventory: its folder, its hosts by name, connections to them, its secret."""
