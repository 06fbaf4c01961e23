"""The inventory as plain data, with the place in the file of every key and value."""

from dataclasses import dataclass, field

from provisioning.model.written import shortened

KeyPath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in the file."""

    line: int
    """From 1."""
    column: int
    """From 1, in characters."""
    written: str
    """What stands there, in short."""


@dataclass(slots=True)
class Tree:
    """Data and places. A path that stands in the file is in ``values``."""

    data: object = None
    keys: dict[KeyPath, Spot] = field(default_factory=dict)
    values: dict[KeyPath, Spot] = field(default_factory=dict)
    scalars: set[KeyPath] = field(default_factory=set)
    doubtful: list[KeyPath] = field(default_factory=list)
    """Paths that have a problem already; what hangs on them says nothing new."""

    void: set[KeyPath] = field(default_factory=set)
    """Paths whose value could not be had, and which have a problem for it."""

    def existing(self, path: KeyPath) -> KeyPath:
        """The path itself, or the nearest one above it that stands in the file."""
        while path and path not in self.values:
            path = path[:-1]
        return path

    def spot(self, path: KeyPath) -> Spot:
        """Where to point for the path: the value if it is a scalar, else its key."""
        path = self.existing(path)
        value = self.values.get(path, Spot(1, 1, ""))
        return value if path in self.scalars else self.keys.get(path, value)

    def shown(self, path: KeyPath) -> KeyPath:
        """The path without what a short form (``name: address``) leaves out."""
        nearest = self.existing(path)
        return nearest if nearest in self.scalars else path


def dotted(path: KeyPath) -> str:
    """``services[0].persistence.timeout``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{shortened(part)}"
    return text.removeprefix(".")
