"""Machines with a Debian and a disk of their own, as a rented server comes."""
