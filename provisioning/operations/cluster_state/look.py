"""A look at all hosts of a cluster, in one round trip each."""

import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any

from ...engine.fleet import Fleet
from ...facts.clock import FIRST, LAST, Clock, compare
from ...facts.fact import Answers, Fact, View
from ...facts.gather import gather
from ...facts.hosts.director import DirectorState
from ...facts.ipvs.table import TableFormatError
from ...facts.lan.interfaces import InterfacesFormatError
from ...model.agreeing import agreed, split
from ...model.cluster_record import ClusterRecord
from ...model.derived.way_in import way_in
from ...model.inventory import Inventory
from ...roles.host_status import HostStatus
from ...roles.registry import ROLES
from ...transport.base import (
    AuthenticationError,
    HostKeyError,
    SudoError,
    Transport,
    TransportError,
    UnknownHostKeyError,
)
from .state import ClusterState

_REMEDIES: dict[type[TransportError], str] = {
    HostKeyError: "compare the keys, and do what is said there",
    UnknownHostKeyError: "compare the keys, and do what is said there",
    AuthenticationError: "set right what is said there; `cluster ssh {name}` shows it",
    SudoError: "set right what is said there; `cluster exec --root {name} true` shows it",
}

_Each = Callable[[Iterable[str], Callable[[str, Transport], Answers]], dict[str, Answers]]
"""Function that does the work on every host."""


def look_at(
    inventory: Inventory,
    fleet: Fleet,
    ours: ClusterRecord,
    only: Collection[str] | None = None,
) -> ClusterState:
    """Connect to every host that is not connected, and look at it. No failure of one host keeps
    the others from being seen.

    ``ours`` is this folder's record of the cluster; a later one of a host counts. With ``only``,
    no other hosts are looked at but those that the traffic comes through.
    """
    return _look(inventory, fleet, ours, fleet.each_at_once, only, timeout=60.0)


def look_at_connected(
    inventory: Inventory,
    fleet: Fleet,
    ours: ClusterRecord,
    only: Collection[str] | None = None,
    *,
    timeout: float = 60.0,
) -> ClusterState:
    """Look at the hosts that are connected. ``timeout`` is in seconds, for each host."""
    return _look(inventory, fleet, ours, fleet.each, only, timeout=timeout)


@dataclass(frozen=True, slots=True)
class HostViews:
    """Views of one host."""

    by_role: dict[str, View[Any]]
    """By the key of the role."""

    @property
    def facts(self) -> tuple[Fact[Any], ...]:
        """Facts of all its roles, each once."""
        named = {fact.name: fact for view in self.by_role.values() for fact in view.facts}
        return tuple(named.values())


def host_views(inventory: Inventory) -> dict[str, HostViews]:
    """Views of every host with a role that has any."""
    found: dict[str, HostViews] = {}
    for role in ROLES:
        if role.view is not None:
            for name in role.hosts(inventory):
                views = found.setdefault(name, HostViews({}))
                views.by_role[role.key] = role.view(inventory, name)
    return found


def looked_at(inventory: Inventory, only: Collection[str] | None) -> list[str]:
    """Names of the hosts that are looked at where only these are asked for."""
    wanted = {*way_in(inventory), *(only or ())}
    return [name for name in host_views(inventory) if only is None or name in wanted]


def _look(
    inventory: Inventory,
    fleet: Fleet,
    ours: ClusterRecord,
    each: _Each,
    only: Collection[str] | None,
    *,
    timeout: float,
) -> ClusterState:
    every = host_views(inventory)
    views = {name: every[name] for name in looked_at(inventory, only)}
    clocked: dict[str, Clock] = {}

    def look(name: str, transport: Transport) -> Answers:
        sent = time.time()
        seen = gather(name, transport, (FIRST, *views[name].facts, LAST), timeout=timeout)
        clock = compare(seen[FIRST], seen[LAST], sent, time.time())
        if clock is not None:
            clocked[name] = clock
        return seen

    seen = each(views, look)
    silent = {
        name: str(fleet.errors.get(name, "not connected yet")).removeprefix(f"{name}: ")
        for name in views
        if name not in seen
    }
    state = assemble(views, seen, silent, ours)
    remedies = {
        name: _REMEDIES[kind].format(name=name)
        for name in silent
        if (kind := type(fleet.errors.get(name))) in _REMEDIES
    }
    # In the inventory's order, as everything else.
    ordered = {name: clocked[name] for name in views if name in clocked}
    left_out = frozenset(every.keys() - views.keys())
    return replace(state, remedies=remedies, clocks=ordered, left_out=left_out)


def assemble(
    views: dict[str, HostViews],
    seen: dict[str, Answers],
    silent: dict[str, str],
    ours: ClusterRecord,
) -> ClusterState:
    """The cluster's state from the hosts' answers. Pure."""
    state = ClusterState(unreachable=dict(silent))
    for name, answers in seen.items():
        try:
            _add(state, name, views[name], answers)
        except (InterfacesFormatError, TableFormatError) as error:
            state.unreachable[name] = str(error)
    seen_hosts: dict[str, DirectorState | HostStatus] = {**state.directors}
    for hosts in state.others.values():
        seen_hosts |= hosts
    memories = {name: one.remembers for name, one in seen_hosts.items() if one.remembers}
    record, _ = agreed(ours, memories)
    return replace(
        state,
        runtime=record.runtime,
        run=next((one.held_by for one in seen_hosts.values() if one.held_by), ""),
        upgrade=record.upgrade,
        maintenance=record.maintenance,
        rotation=record.rotation,
        split=split(ours, memories),
    )


def _add(state: ClusterState, name: str, views: HostViews, answers: Answers) -> None:
    for key, view in views.by_role.items():
        state.of_role(key)[name] = view.combine(answers)
