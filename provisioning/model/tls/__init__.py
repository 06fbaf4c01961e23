"""TLS, as the inventory has it, certificates and their authority."""
