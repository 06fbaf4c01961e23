"""The machine that a node runs on: its virtual IPs, and the certificate it shows."""
