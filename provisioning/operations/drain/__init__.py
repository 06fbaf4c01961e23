"""Real servers out of service and back, with nobody noticing."""
