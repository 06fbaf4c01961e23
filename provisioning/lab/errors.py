"""The one error of the lab."""

from ..errors import ClusterError


class LabError(ClusterError):
    """Something the person at the keyboard can act on; its text says what, where and how."""
