"""Ansible's inventories: read, and understood as far as this program's own can say the same."""
