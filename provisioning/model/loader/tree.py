"""The inventory as plain data, with the place in the file of every key and value."""

from dataclasses import dataclass, field

from ..key_path import KeyPath

_HOST = 3
"""Length of the path of a host: group, hosts, name."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in the file."""

    line: int
    """From 1."""
    column: int
    """From 1, in characters."""
    written: str
    """The text there, shortened."""


@dataclass(slots=True)
class Tree:
    """Data and places. Every path of the file is in ``values``."""

    data: object = None
    keys: dict[KeyPath, Spot] = field(default_factory=dict)
    values: dict[KeyPath, Spot] = field(default_factory=dict)
    scalars: set[KeyPath] = field(default_factory=set)
    doubtful: list[KeyPath] = field(default_factory=list)
    """Paths that have a diagnostic already; findings that rest on them are dropped."""

    void: set[KeyPath] = field(default_factory=set)
    """Paths without a usable value, whose diagnostic says why."""

    ranges: dict[KeyPath, str] = field(default_factory=dict)
    """For the path of a host that is written as one of a range: the range."""

    def existing(self, path: KeyPath) -> KeyPath:
        """The path itself, or the nearest one above it that is in the file."""
        while path and path not in self.values:
            path = path[:-1]
        return path

    def spot(self, path: KeyPath) -> Spot:
        """The place to point at for the path: the value if it is a scalar, else its key."""
        path = self.existing(path)
        value = self.values.get(path, Spot(1, 1, ""))
        return value if path in self.scalars else self.keys.get(path, value)

    def shown(self, path: KeyPath) -> KeyPath:
        """The path as it is in the file: with the range that a host is of, and without the parts
        that a short form (``name: address``) leaves out."""
        nearest = self.existing(path)
        path = nearest if nearest in self.scalars else path
        if (written := self.ranges.get(path[:_HOST])) is not None:
            return (*path[: _HOST - 1], written, *path[_HOST:])
        return path
