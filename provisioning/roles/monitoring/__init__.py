"""Monitoring: Prometheus, Alertmanager and exporters, a file for each thing that is put there."""
