"""Conclusions from an inventory: nodes, slots, services and hosts that it does not name itself."""
