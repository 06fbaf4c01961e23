"""Faults of a cluster: rules over its state and its inventory. Pure.

One file per topic; each has one function from inventory and state to a list of faults.
"""
