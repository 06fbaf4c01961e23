"""Artifacts: fetched once to the control machine, checked, and brought to the nodes."""
