"""Packages that come with this one: below it when installed, beside it in a checkout."""

from importlib.util import find_spec


def companion(name: str) -> str:
    """Name under which ``app`` or ``templates`` can be imported."""
    below = f"{__package__}.{name}"
    return below if find_spec(below) else name
