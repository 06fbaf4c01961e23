"""The inventory: what a cluster is, as an operator writes it down. Pure but for reading files."""
