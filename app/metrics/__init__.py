"""What Prometheus is told of a node, by its official client library."""
