"""The wheel, as others install it."""
