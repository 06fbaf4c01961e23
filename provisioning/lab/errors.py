"""Errors of the lab."""

from ..errors import ClusterError


class LabError(ClusterError):
    """Something the person at the keyboard can act on; its text says what, where and how."""


class LabUsageError(LabError):
    """A name, a number or a network on the command line that a lab does not have or cannot have."""
