"""Errors of operations."""

from ..errors import ClusterError


class OperationError(ClusterError):
    """An operation was refused or failed; the message says why and what to do."""


class HostBusyError(OperationError):
    """Another run is at work on the host; the message names it. A later try may succeed."""
