"""A file for each command: flags, output, exit status."""
