"""Hosts that an inventory writes as a range: ``rs[001:300]: 10.0.0.21`` becomes 300 hosts.

Each of them is at the range's place in the file, so a diagnostic about one points there.
"""

from collections import Counter
from collections.abc import Sequence
from ipaddress import ip_address

from ..groups import group_types
from ..host_ranges.ranges import RangeError, expand, has_range
from ..key_path import KeyPath
from .diagnostic import Diagnostic
from .excerpt import dotted
from .tree import Spot, Tree
from .yaml import MAX_NODES

_COUNTED: tuple[KeyPath, ...] = ((), ("address",), ("address6",))
"""Keys of a host whose single address is that of the range's first host."""
_NUMBERED: tuple[KeyPath, ...] = (*_COUNTED, ("ssh", "host"))
"""Keys of a host that may hold a range of their own, of as many."""


def expand_hosts(tree: Tree, file: str) -> list[Diagnostic]:
    """Write every range of hosts out in the tree; what is wrong with ranges."""
    expander = _Expander(tree, file)
    for group in group_types():
        members = tree.data.get(group) if isinstance(tree.data, dict) else None
        hosts = members.get("hosts") if isinstance(members, dict) else None
        if isinstance(members, dict) and isinstance(hosts, dict):
            members["hosts"] = expander.written_out(hosts, (group, "hosts"))
    return expander.diagnostics


class _Expander:
    def __init__(self, tree: Tree, file: str) -> None:
        self.diagnostics: list[Diagnostic] = []
        self._tree = tree
        self._file = file
        self._values = len(tree.values)

    def written_out(self, hosts: dict[str, object], at: KeyPath) -> dict[str, object]:
        """The hosts by single names."""
        if not any(has_range(name) for name in hosts):
            return hosts
        # Before places are set: those of a name in two lines would be the later one's.
        owners: dict[str, str] = {}
        lines = {written: self._names(written, (*at, written)) for written in hosts}
        for written, names in lines.items():
            taken = [name for name in names if owners.setdefault(name, written) != written]
            if taken:
                self._overlap(taken[0], (*at, written), (*at, owners[taken[0]]))
                lines[written] = []
        found: dict[str, object] = {}
        for written, names in lines.items():
            if has_range(written):
                found |= self._members(names, hosts[written], (*at, written))
            elif names:
                found[written] = hosts[written]
        return found

    def _names(self, written: str, path: KeyPath) -> list[str]:
        if not has_range(written):
            return [written]
        try:
            names = expand(written)
        except RangeError as error:
            self._wrong(self._tree.keys[path], path, error.message, written, error.fix)
            return []
        if twice := [name for name, times in Counter(names).items() if times > 1]:
            message, fix = f"{twice[0]} is in it twice", "leave one of them out"
            self._wrong(self._tree.keys[path], path, message, written, fix)
            return []
        return names

    def _members(self, names: list[str], value: object, path: KeyPath) -> dict[str, object]:
        if not names:
            return {}
        below = [one[len(path) :] for one in self._tree.values if one[: len(path)] == path]
        self._values += len(names) * len(below)
        if self._values > MAX_NODES:
            message = f"with its ranges written out, the file has more than {MAX_NODES} values"
            fix = "write what the hosts share with their group"
            self._wrong(self._tree.keys[path], path, message, str(path[-1]), fix)
            return {}
        # Before the places: what is wrong with a column is wrong with every host's.
        columns = {key: self._column(value, path, key, len(names)) for key in _NUMBERED}
        members = {}
        for index, name in enumerate(names):
            self._place(path, name, below)
            own = {key: column[index] for key, column in columns.items() if column}
            members[name] = _with(value, (), own)
        return members

    def _place(self, path: KeyPath, name: str, below: list[KeyPath]) -> None:
        """The host and all that is written of it is where the range is."""
        tree, own = self._tree, (*path[:-1], name)
        tree.ranges[own] = str(path[-1])
        for rest in below:
            old, new = (*path, *rest), (*own, *rest)
            tree.values[new] = tree.values[old]
            if old in tree.keys:
                tree.keys[new] = tree.keys[old]
            for paths in (tree.scalars, tree.void):
                if old in paths:
                    paths.add(new)
        tree.doubtful += [
            (*own, *wrong[len(path) :]) for wrong in tree.doubtful if wrong[: len(path)] == path
        ]

    def _column(self, value: object, path: KeyPath, key: KeyPath, count: int) -> Sequence[object]:
        """A key's values, one for each host; none where all have what is written."""
        text = value
        for part in key:
            text = text.get(part) if isinstance(text, dict) else None
        if not isinstance(text, str):
            return []
        try:
            if not has_range(text):
                return _counted(text.strip(), count) if key in _COUNTED else []
            texts = expand(text)
            if key in _COUNTED:
                _all_addresses(texts)
            if len(texts) != count:
                raise RangeError(
                    f"{count} names and {len(texts)} of these",
                    "make both ranges as long"
                    + ", or write the first address alone: the others count up from it"
                    * (key in _COUNTED),
                )
        except RangeError as error:
            at = (*path, *key)
            self._wrong(self._tree.values[at], at, error.message, text, error.fix)
            self._tree.void.add(at)
            return [None] * count
        return texts

    def _overlap(self, name: str, path: KeyPath, other: KeyPath) -> None:
        line = self._tree.keys[other].line
        self._wrong(
            self._tree.keys[path],
            path,
            f"{name} is in {other[-1]} of line {line} already",
            str(path[-1]),
            "shorten one of them: a name stands for one machine",
        )

    def _wrong(self, spot: Spot, path: KeyPath, message: str, found: str, fix: str) -> None:
        self.diagnostics.append(
            Diagnostic(self._file, spot.line, spot.column, dotted(path), message, found, fix=fix)
        )
        self._tree.doubtful.append(path)


def _counted(text: str, count: int) -> list[str]:
    """Addresses from the first on; none where it is no address, of which others tell."""
    try:
        first = ip_address(text)
    except ValueError:
        return []
    try:
        return [str(first + index) for index in range(count)]
    except ValueError:
        raise RangeError(
            f"there are no {count} addresses from {first} on", "write a lower first address"
        ) from None


def _all_addresses(texts: list[str]) -> None:
    for text in texts:
        try:
            ip_address(text)
        except ValueError:
            raise RangeError(
                f"{text} is no address",
                f"write the first address alone, {texts[0]}: the others count up from it"
                if texts.index(text)
                else "write a range of addresses, such as 192.0.2.[21:40]",
            ) from None


def _with(value: object, at: KeyPath, own: dict[KeyPath, object]) -> object:
    """The value with what is one host's own in it."""
    if at in own:
        return own[at]
    if isinstance(value, dict):
        return {key: _with(inner, (*at, key), own) for key, inner in value.items()}
    return value
