"""Hosts made what the inventory says, and those that left it cleaned."""
