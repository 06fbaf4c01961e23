"""Alerts of a cluster that is monitored: what burns, silences, and a test of the way to people."""
