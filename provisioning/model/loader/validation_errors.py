"""pydantic's errors as diagnostics, located in the file and in the schema."""

from dataclasses import replace
from typing import NamedTuple

from pydantic import ValidationError

from ..json_schema.schema import Schema, at, below, resolved
from ..key_path import KeyPath
from .diagnostic import Diagnostic
from .excerpt import dotted, masked, shortened
from .messages import Case, bad_name, message_for
from .tree import Tree
from .unseen import advice as unseen_advice

_TAG = ("union_tag_invalid", "union_tag_not_found")


class Location(NamedTuple):
    """Place of an error."""

    path: KeyPath
    schema: Schema | None
    """The value's; for an unknown key, the schema of the mapping around it."""
    is_key: bool
    """True if the key itself is invalid, not its value."""


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


def explain(error: ValidationError, tree: Tree, file: str) -> list[Diagnostic]:
    """One diagnostic for each invalid key; marks the paths as doubtful in the tree."""
    diagnostics: dict[tuple[KeyPath, bool], Diagnostic] = {}
    meant: set[tuple[KeyPath, bool]] = set()
    missing: set[tuple[KeyPath, bool]] = set()
    # Keys that are there under another name; that they are missing goes without saying.
    for details in error.errors(include_url=False):
        location = locate(details["loc"], tree)
        path, kind = location.path, details["type"]
        if (path, location.is_key) in diagnostics or path in tree.void:
            continue
        case = Case(
            path,
            location.schema,
            details["input"],
            masked(tree.shown(path), tree),
            details["msg"],
            details.get("ctx") or {},
        )
        said = bad_name(case) if location.is_key else message_for(kind, case)
        at_key = location.is_key or kind == "extra_forbidden"
        written = path[-1] if at_key else details["input"]
        # Not of a value that is kept out of messages: the advice repeats it.
        may_be_shown = at_key or shortened(str(written)) in case.written
        if not said.meant and isinstance(written, str) and may_be_shown:
            said = replace(said, fix=unseen_advice(written) or said.fix)
        shown = (*path, "type") if kind in _TAG else path
        spot = tree.keys.get(path) if at_key else None
        spot = spot or tree.spot(shown)
        diagnostics[path, location.is_key] = Diagnostic(
            file,
            spot.line,
            spot.column,
            dotted(tree.shown(shown)),
            said.message,
            str(path[-1]) if at_key else said.found,
            said.allowed,
            said.fix,
        )
        tree.doubtful.append(path)
        if said.meant:
            meant.add(((*path[:-1], said.meant), False))
        if kind == "missing":
            missing.add((path, False))
    tree.doubtful += (path for path, _ in meant)
    return [diagnostic for place, diagnostic in diagnostics.items() if place not in missing & meant]
