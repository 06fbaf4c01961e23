"""Sound as bytes of a file format, piece by piece while it is being made."""
