"""Errors of bundles."""

from ...errors import ClusterError


class BundleError(ClusterError):
    """A bundle cannot be made, read or used here; the message names the file and the fix."""
