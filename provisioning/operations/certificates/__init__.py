"""Certificates of a living cluster: what is shown to clients, and a new one for all."""
