"""Monitoring, receivers of alerts, central logs and notifications, as the inventory has them."""
