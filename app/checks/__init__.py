"""What may be asked for: one file per kind of rule. Each raises `InvalidInputError`."""
