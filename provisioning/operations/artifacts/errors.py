"""Errors that arise on the way of an artifact."""

from ...errors import ClusterError


class ArtifactError(ClusterError):
    """An artifact cannot be had, or is not what it should be; the message names it and the fix."""
