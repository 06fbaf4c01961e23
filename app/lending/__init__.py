"""Jobs that wait here run on a node that has a free worker: the cluster has one line.

The session, its events, its history and its file stay with the node that took the request; only
the sound is made elsewhere. docs/lending.md tells the protocol.
"""
