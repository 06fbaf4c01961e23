"""A real server: virtual IPs, outputs and the app, a file for each thing that is put there."""
