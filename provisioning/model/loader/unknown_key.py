"""Advice for a key the inventory does not know."""

import re
from difflib import get_close_matches

from ..groups import group_types
from ..json_schema.schema import Schema, at, kinds_with, places_of_keys, properties
from ..key_path import KeyPath
from .allowed import listed
from .excerpt import dotted, shortened
from .unseen import unseen, without_unseen
from .vocabulary import KEYS

_CLOSE = 0.7


def nearest(name: str, known: list[str]) -> str | None:
    """The known word closest to the name, if any is close."""
    folded = name.casefold().replace("-", "_").replace(" ", "_")
    found = get_close_matches(folded, known, 1, _CLOSE)
    return found[0] if found else None


def advice(path: KeyPath, schema: Schema | None, value: object) -> tuple[str, str | None]:
    """The fix, and the key that was meant if it belongs in the same place."""
    name = shortened(without_unseen(str(path[-1])))
    known = list(properties(schema)) if schema else []
    if len(path) == 2 and path[0] in group_types() and _is_host(value):
        return f"write it one level deeper: {path[0]}: {{hosts: {{{name}: …}}}}", "hosts"
    if meant := _exact(name, known):
        hidden = unseen(str(path[-1]))
        return f"write {meant}" + (f", without U+{ord(hidden):04X}" if hidden else ""), meant
    if text := KEYS.get(name) or KEYS.get(name.lower()) or KEYS.get(name.upper()):
        written = re.match(r"write (\w+)", text)
        return text, written[1] if written else None
    if kinds := kinds_with(at(path[:-1]), name):
        return f"only for type: {listed(kinds)}", None
    if places := places_of_keys().get(name):
        return f"it belongs elsewhere: {_elsewhere(places, path)}", None
    if close := nearest(name, known):
        return f"did you mean {close}?", close
    if far := nearest(name, list(places_of_keys())):
        return f"did you mean {far}, at {_elsewhere(places_of_keys()[far], path)}?", None
    return "remove it; your own values go under vars", None


def _exact(name: str, known: list[str]) -> str | None:
    folded = name.strip().casefold().replace("-", "_").replace(" ", "_")
    return folded if folded in known else None


def _is_host(value: object) -> bool:
    if isinstance(value, dict):
        return "address" in value or "ansible_host" in value
    return isinstance(value, str) and value[:1].isdigit() and ("." in value or ":" in value)


def _elsewhere(places: list[str], path: KeyPath) -> str:
    """The places in the same part of the inventory first, then those of the fewest words."""
    here = dotted(path[:1])

    def rank(place: str) -> tuple[bool, int, int]:
        return not place.startswith(here), place.count("NAME") + place.count("[]"), len(place)

    return listed(sorted(places, key=rank)[:3])
