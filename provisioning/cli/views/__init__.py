"""Views of results, for a person or for a program."""
