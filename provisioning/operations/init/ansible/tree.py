"""Groups, their children and their variables, and what follows for each host. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ....errors import ClusterError

ALL, UNGROUPED = "all", "ungrouped"
_PRIORITY = "ansible_group_priority"
"""Says which group wins, and is no variable of hosts."""
Variables = Mapping[str, object]


class AnsibleError(ClusterError):
    """An inventory of Ansible's that cannot be read; the message names the file and the line."""


@dataclass(slots=True)
class Group:
    """One group as it is written."""

    hosts: list[str] = field(default_factory=list)
    children: list[str] = field(default_factory=list)
    variables: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AnsibleInventory:
    """Hosts by group, and what is said of each host."""

    groups: Mapping[str, tuple[str, ...]]
    """Hosts of each group and its children, in order; without ``all``."""
    variables: Mapping[str, Variables]
    """By host, those of its groups included."""


def resolved(
    groups: Mapping[str, Group], own: Mapping[str, Variables], where: str
) -> AnsibleInventory:
    """Hosts and variables as Ansible sees them: what a group says goes over its parents', and the
    host's own over all. Raises ``AnsibleError`` for a group within itself."""
    every = {name: tuple(dict.fromkeys(_hosts(groups, name, (), where))) for name in groups}
    in_all = dict.fromkeys((*own, *(host for hosts in every.values() for host in hosts)))
    named = [hosts for name, hosts in every.items() if name not in (ALL, UNGROUPED)]
    grouped = {host for hosts in named for host in hosts}
    every[UNGROUPED] = tuple(host for host in in_all if host not in grouped)
    depths = {name: _depth(groups, name) for name in groups}
    # Deeper ones last; of one depth by priority, then by name (Ansible's combine_vars order).
    order = sorted(groups, key=lambda name: (depths[name], _priority(groups[name]), name))
    variables: dict[str, dict[str, object]] = {}
    for host in in_all:
        merged: dict[str, object] = dict(groups[ALL].variables) if ALL in groups else {}
        for name in order:
            if name != ALL and host in every.get(name, ()):
                merged |= groups[name].variables
        merged.pop(_PRIORITY, None)
        variables[host] = merged | dict(own.get(host, {}))
    listed = {name: hosts for name, hosts in every.items() if name != ALL and hosts}
    return AnsibleInventory(listed, variables)


def _hosts(
    groups: Mapping[str, Group], name: str, path: tuple[str, ...], where: str
) -> Iterator[str]:
    if name in path:
        circle = " → ".join((*path[path.index(name) :], name))
        raise AnsibleError(f"{where}: the group {name} is within itself: {circle}")
    group = groups.get(name)
    if group is None:
        return
    yield from group.hosts
    for child in group.children:
        yield from _hosts(groups, child, (*path, name), where)


def _depth(groups: Mapping[str, Group], name: str) -> int:
    """Longest way from the top; there are no circles any more."""
    parents = [parent for parent, group in groups.items() if name in group.children]
    return max((_depth(groups, parent) + 1 for parent in parents), default=0)


def _priority(group: Group) -> int:
    text = str(group.variables.get(_PRIORITY, 1))
    return int(text) if text.isdigit() else 1
