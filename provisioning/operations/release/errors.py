"""Errors that arise before anything reaches a host."""

from ...errors import ClusterError


class ReleaseError(ClusterError):
    """The app's source cannot be made a release; the message says why and the fix."""
