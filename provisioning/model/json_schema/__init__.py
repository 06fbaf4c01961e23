"""The inventory's JSON Schema."""
