"""From a pydantic location to a place in the file and in the schema."""

from typing import NamedTuple

from provisioning.model.schema import Schema, at, below, resolved
from provisioning.model.tree import KeyPath, Tree


class Location(NamedTuple):
    """Where an error is."""

    path: KeyPath
    schema: Schema | None
    """Of the value there; for an unknown key, of the mapping around it."""
    is_key: bool
    """Whether the key itself is wrong, not its value."""


def locate(loc: tuple[int | str, ...], tree: Tree) -> Location:
    """The place, without the names of unions' branches that pydantic puts in."""
    path: KeyPath = ()
    schema: Schema | None = at(())
    for part in loc:
        if part == "[key]":
            return Location(path, schema, True)
        tags = resolved(schema).get("discriminator", {}).get("mapping", {}) if schema else {}
        if part in tags:
            schema = {"$ref": tags[part]}
            continue
        child = below(schema, part) if schema else None
        if child is not None:
            path, schema = (*path, part), child
        elif (*path, part) in tree.values:
            return Location((*path, part), schema, False)
    return Location(path, schema, False)
