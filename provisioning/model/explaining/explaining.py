"""All that is known of a key of the inventory, from its schema. Pure."""

import re
from dataclasses import dataclass
from typing import Any

from ...errors import ClusterError
from ..json_schema.schema import (
    Schema,
    alternatives,
    below,
    inventory_schema,
    kinds_with,
    places_of_keys,
    properties,
    resolved,
)
from ..key_path import KeyPath
from ..loader.allowed import allowed, listed
from ..loader.unknown_key import advice
from .documented import page_of
from .example import example

NAME = "NAME"
"""Stands for a name of the operator's, such as a host's."""


class NoSuchKeyError(ClusterError):
    """The inventory has no such key; the message says which one may be meant."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key in a list of keys."""

    place: str
    """As it is asked for: ``services[].check.path``, ``directors.hosts.NAME.priority``."""
    meaning: str
    """In one sentence."""
    default: str
    """As YAML has it in a line; empty where there is none, or it is a mapping."""
    needed: bool


@dataclass(frozen=True, slots=True)
class Explanation:
    """A key, and those below it."""

    place: str
    meaning: str
    type: str
    """``text``, ``whole number``, ``number``, ``true or false``, ``list``, ``mapping``; several
    with ``or``."""
    allowed: str
    default: Any
    needed: bool
    """True where whatever it is in has to have it."""
    kinds: tuple[str, ...]
    """The ``type`` that what it is in has to be, where only some have the key."""
    example: str
    """YAML, from the left edge."""
    page: str
    """Where it is documented; empty where that is here only."""
    keys: tuple[Key, ...]
    """Keys below it."""


_TYPES = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "array": "list",
    "object": "mapping",
}


def explain(text: str) -> Explanation:
    """Explain the key at a place as an operator writes it: with or without ``[]`` and indices,
    with names of hosts or ``NAME``. Raises ``NoSuchKeyError``."""
    schema: Schema = inventory_schema()
    path: KeyPath = ()
    inside: Schema | None = None
    for word in _words(text):
        path, schema = _into_list(path, schema)
        found = below(schema, word)
        if found is None:
            raise NoSuchKeyError(_no_such_key(text, path, word, schema))
        inside = schema
        path, schema = (*path, word if word in properties(inside) else NAME), found
    return _explanation(path, schema, inside)


def top_level() -> tuple[Key, ...]:
    """The keys at the inventory's left edge."""
    return _keys((), inventory_schema())


def of_that_name(name: str) -> tuple[Key, ...]:
    """Keys below the left edge that have the name, wherever they are."""
    found = []
    for place in places_of_keys().get(name, ()):
        one = explain(place)
        found.append(Key(one.place, sentence(one.meaning), _short(one.default), one.needed))
    return tuple(found)


def sentence(text: str) -> str:
    """The first sentence, in one line."""
    return re.split(r"(?<=\.) (?=[A-Z`])", " ".join(text.split()), maxsplit=1)[0]


def _words(text: str) -> list[str]:
    return [word for word in re.sub(r"\[\d*\]", "", text.strip()).split(".") if word]


def _into_list(path: KeyPath, schema: Schema) -> tuple[KeyPath, Schema]:
    """The items of a list, where it is one and is no mapping as well."""
    items = None if properties(schema) else below(schema, 0)
    return ((*path, 0), items) if items is not None else (path, schema)


def _no_such_key(text: str, path: KeyPath, word: str, schema: Schema) -> str:
    said, _ = advice((*path, word), schema, None)
    if said.startswith("remove it"):
        said = "`cluster explain` lists the keys at the left edge"
        if path:
            said = f"`cluster explain {shown(path)}` lists those that it has"
    where = f" under {shown(path)}" if path else ""
    return f"{text}: there is no key {word}{where}; {said}"


def shown(path: KeyPath) -> str:
    """``services[].check.path``."""
    words = ("[]" if isinstance(part, int) else f".{part}" for part in path)
    return "".join(words).removeprefix(".")


def _explanation(path: KeyPath, schema: Schema, inside: Schema | None) -> Explanation:
    whole = resolved(schema)
    item = below(schema, 0) if not properties(schema) else None
    known = tuple(kinds_with(inside, str(path[-1])))
    every = {str(kind) for one in alternatives(inside or {}) for kind in _kind(one)}
    needed = bool(inside) and any(path[-1] in one.get("required", ()) for one in _all(inside))
    return Explanation(
        place=shown(path),
        meaning=" ".join(str(whole.get("description", "")).split()),
        type=" or ".join(dict.fromkeys(_TYPES.get(str(t), "") for t in _types(schema))),
        allowed=allowed(schema),
        default=whole.get("default"),
        needed=needed,
        kinds=known if set(known) != every else (),
        example=example(path),
        page=page_of(path),
        keys=_keys((*path, 0), item) if item and properties(item) else _keys(path, schema),
    )


def _all(schema: Schema | None) -> list[Schema]:
    return alternatives(schema) if schema else []


def _kind(schema: Schema) -> list[object]:
    kind = schema.get("properties", {}).get("type", {})
    return [kind["const"]] if "const" in kind else []


def _types(schema: Schema) -> list[str]:
    found = []
    for one in alternatives(schema):
        if "type" in one:
            found.append(str(one["type"]))
        elif values := [*one.get("enum", ()), *([one["const"]] if "const" in one else ())]:
            found.append("integer" if isinstance(values[0], int) else "string")
    return found


def _keys(path: KeyPath, schema: Schema) -> tuple[Key, ...]:
    needed = {name for one in alternatives(schema) for name in one.get("required", ())}
    found = []
    for name, part in properties(schema).items():
        whole = resolved(part)
        place, meaning = shown((*path, name)), sentence(str(whole.get("description", "")))
        default = _short(whole.get("default"))
        if "const" in whole:
            # What tells the mappings of a union apart has no default of its own.
            meaning, default = f"Kind: {listed(kinds_with(schema, name))}", ""
        found.append(Key(place, meaning, default, name in needed))
    return tuple(found)


def _short(default: Any) -> str:
    """A default that fits a line of a list."""
    if default is None or isinstance(default, dict) or default == []:
        return ""
    if isinstance(default, bool):
        return str(default).lower()
    text = f"{default:g}" if isinstance(default, float) else str(default)
    return text if not isinstance(default, list) and len(text) <= 30 else ""
