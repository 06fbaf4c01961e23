"""Bring files to many hosts, and fetch theirs."""
