"""The languages of the files that a host is given, and how a value is written in each. Pure."""
