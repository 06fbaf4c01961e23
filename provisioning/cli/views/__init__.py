"""How results are shown, to a person or to a program."""
