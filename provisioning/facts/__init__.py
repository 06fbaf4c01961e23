"""Questions to hosts, one a file: the fragment that asks, and the parser of the answer beside it.

Operations gather the facts they need in one round trip a host and combine them; nothing here
decides, changes a host, or knows of an operation.
"""
