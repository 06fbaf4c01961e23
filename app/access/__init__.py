"""Who may use the node, and how much of it."""
