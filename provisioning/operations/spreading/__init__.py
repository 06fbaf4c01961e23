"""Brings files to many hosts at once, for one upload: each host passes on what it gets."""
