"""Run a command of the operator's on many hosts."""
