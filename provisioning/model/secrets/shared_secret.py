"""The secret by which the nodes know each other, as hosts get it. Pure."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SharedSecret:
    """The secret that nodes sign with, and those that are good besides."""

    value: str = field(repr=False)
    accepted: tuple[str, ...] = field(default=(), repr=False)
    """While it is exchanged: the old and the new one, so that the file of ``value`` may be replaced
    on one host after the other. Empty at any other time."""
