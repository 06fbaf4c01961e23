"""Gradio's own browser tests, run against three nodes behind a round robin of connections.

Nothing of Gradio is here: its tests and demos are read from a checkout of its sources.
"""
