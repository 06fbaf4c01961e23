"""Limits of client connections: time, bytes, and a place among the others."""
