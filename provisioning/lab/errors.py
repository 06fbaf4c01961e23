"""The one error of the lab."""

from provisioning.expected_error import ExpectedError


class LabError(ExpectedError):
    """Something the person at the keyboard can act on; its text says what, where and how."""
