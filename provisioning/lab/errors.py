"""The one error of the lab."""


class LabError(Exception):
    """Something the person at the keyboard can act on; its text says what, where and how."""
