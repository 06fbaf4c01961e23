"""Metrics of a node for Prometheus, by its official client library."""
