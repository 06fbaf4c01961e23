"""One diagnostic for a mistake that every host of a range has."""

import re
from collections import Counter
from collections.abc import Collection
from dataclasses import replace

from .diagnostic import Diagnostic
from .excerpt import dotted
from .tree import Tree

_DIFFERS = re.compile(r"[0-9]+")


def once_a_range(diagnostics: list[Diagnostic], tree: Tree) -> list[Diagnostic]:
    """The diagnostics without those that say of another host of a range what was said already: the
    same but for numbers, at the same key. Where it is not true of all of them, it says of how
    many."""
    ranges = Counter(dotted((*path[:-1], written)) for path, written in tree.ranges.items())
    found: dict[object, list[Diagnostic]] = {}
    for number, one in enumerate(diagnostics):
        alike = (_range_of(one.key, ranges), one.key, one.severity, _DIFFERS.sub("", one.message))
        found.setdefault(alike if alike[0] else number, []).append(one)
    return [_one(alike, ranges) for alike in found.values()]


def _range_of(key: str, ranges: Collection[str]) -> str:
    return next((one for one in ranges if key == one or key.startswith(f"{one}.")), "")


def _one(alike: list[Diagnostic], ranges: Counter[str]) -> Diagnostic:
    first, count = alike[0], len(alike)
    if count in (1, ranges[_range_of(first.key, ranges)]):
        return first
    return replace(first, message=f"{first.message} (and so for {count} hosts of the range)")
