"""Errors that arise while contents are spread."""

from ...errors import ClusterError


class SpreadError(ClusterError):
    """A host could not take a content; the message names the host, says why, and what to do."""
