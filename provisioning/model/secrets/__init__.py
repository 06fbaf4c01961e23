"""Secrets of the inventory, and their ways into it."""
