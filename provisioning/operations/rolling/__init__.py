"""Parts that an upgrade and a maintenance share: threads over a saved state, events, pauses,
results, and the check before a batch.
"""
