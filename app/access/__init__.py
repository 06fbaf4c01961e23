"""API keys and the cluster's secret."""
