"""Programs of the operator's that may stop a step, and are told of its end."""
