"""Hosts of a cluster by what an operator gives: names, groups, labels, patterns, ranges."""

import re
from collections.abc import Collection
from difflib import get_close_matches
from fnmatch import fnmatchcase

from ...errors import ClusterError
from ...model.derived.resolve import all_hosts, groups
from ...model.host_ranges.ranges import RangeError, expand, has_range
from ...model.inventory import Inventory
from ...model.labels import label_values

_NOT_IN_BRACKETS = re.compile(r",(?![^\[\]]*\])")
_SHOWN = 10
"""Names in a message; more are no help."""


class UnknownHostError(ClusterError):
    """A choice of hosts that means none; the message has what is near it."""


def select(inventory: Inventory, patterns: tuple[str, ...]) -> list[str]:
    """Expand patterns to hosts, in the inventory's order; all where none is given.

    A pattern is ``all``, a group, a host, a range ``rs[001-020]``, a glob ``rs*`` or a label
    ``rack=r1``; with ``!`` before it, it takes hosts away, from all where nothing else is chosen.
    Raises ``UnknownHostError``.
    """
    hosts = list(all_hosts(inventory))
    chosen: set[str] = set()
    without: set[str] = set()
    parts = [part for text in patterns for part in _NOT_IN_BRACKETS.split(text) if part]
    for part in parts:
        found = _matching(inventory, part.removeprefix("!"), hosts)
        if part.startswith("!"):
            without |= found
        else:
            chosen |= found
    if all(part.startswith("!") for part in parts):
        chosen = set(hosts)
    left = [name for name in hosts if name in chosen - without]
    if parts and not left:
        raise UnknownHostError(
            f"{','.join(parts)} leaves no host: the exclusions (!) take them all"
        )
    return left


def _matching(inventory: Inventory, pattern: str, hosts: list[str]) -> set[str]:
    known = groups(inventory)
    if pattern == "all":
        return set(hosts)
    if pattern in known:
        return set(known[pattern].hosts)
    if "=" in pattern:
        return _labelled(inventory, pattern)
    found, missing = _named(pattern, hosts)
    if missing:
        raise UnknownHostError(_unknown(pattern, missing, hosts, list(known)))
    return found


def _named(pattern: str, names: Collection[str]) -> tuple[set[str], list[str]]:
    """Those of the names that are meant, and what is meant and is none of them."""
    if re.search(r"[*?]", pattern):
        found = {name for name in names if fnmatchcase(name, pattern)}
        return found, [] if found else [pattern]
    try:
        meant = expand(pattern) if has_range(pattern) else [pattern]
    except RangeError as error:
        raise UnknownHostError(f"{pattern!r}: {error}") from None
    return set(meant) & set(names), [name for name in meant if name not in names]


def _labelled(inventory: Inventory, pattern: str) -> set[str]:
    label, _, value = pattern.partition("=")
    known = label_values(inventory)
    if label not in known:
        if not known:
            raise UnknownHostError(
                f"no host has a label {label!r}; hosts and groups get some by labels: "
                f"{{{label or 'rack'}: {value or 'r1'}}} in the inventory"
            )
        raise UnknownHostError(f"no host has a label {label!r}{_near(label, known)}")
    values = list(dict.fromkeys(known[label].values()))
    found, missing = _named(value, values)
    if missing:
        raise UnknownHostError(f"no host has {label}={missing[0]}{_near(missing[0], values)}")
    return {name for name, own in known[label].items() if own in found}


def _unknown(pattern: str, missing: list[str], hosts: list[str], known: list[str]) -> str:
    if re.search(r"[*?]", pattern):
        return f"no host matches {pattern!r}; hosts: {_some(hosts)}"
    if missing != [pattern]:
        return f"no host {', '.join(missing[:3])} of {pattern!r}; hosts: {_some(hosts)}"
    near = get_close_matches(pattern, [*hosts, *known], 3)
    meant = f"; did you mean {' or '.join(near)}?" if near else ""
    return (
        f"no host or group {pattern!r}{meant}; hosts: {_some(hosts)}; "
        f"groups: all, {', '.join(known)}"
    )


def _near(word: str, known: Collection[str]) -> str:
    near = get_close_matches(word, known, 3)
    return f"; did you mean {' or '.join(near)}?" if near else f"; there are {_some(known)}"


def _some(names: Collection[str]) -> str:
    some = list(names)[:_SHOWN]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(some) + more
