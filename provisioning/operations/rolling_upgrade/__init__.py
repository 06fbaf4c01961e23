"""Brings a new release to a living cluster, a few nodes at a time, with nobody noticing.

``machine`` says what comes next and ``capacity`` what may go, both pure; ``phases`` do the work
through the ``hands``; ``runner`` drives them and writes the state down after every phase.
"""
