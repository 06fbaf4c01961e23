"""A role: a kind of work that hosts of a cluster do, with everything particular to it. Pure.

``provisioning.roles.registry`` holds them all; docs/contributing/add-a-role.md adds one.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..engine.waves import Gate, Wave
from ..facts.fact import View
from ..model.derived.resolve import groups
from ..model.inventory import Inventory
from .deployment import Deployment
from .machines import Machines
from .opening import Opening
from .part import RolePart
from .question import Question


@dataclass(frozen=True, slots=True)
class Log:
    """The log of one service."""

    service: str
    file: str | None = None
    """Path; ``None`` where systemd's journal has it."""


def _no_logs(_inventory: Inventory, _host: str) -> tuple[Log, ...]:
    return ()


def _no_openings(_inventory: Inventory, _name: str) -> list[Opening]:
    return []


Split = Callable[[tuple[str, ...], Collection[str]], list[tuple[str, tuple[str, ...]]]]
"""From a role's hosts, and those that hold a VIP now, to titles and hosts of its waves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """One role. Removing it needs no word here: what a host was given is in its manifest."""

    key: str
    """Its group in the inventory (``provisioning.model.groups``)."""
    name: str
    """Its hosts in the plural, for people."""
    order: int
    """Roles with a lower number are deployed first and removed last."""
    part: Callable[[Deployment, str], RolePart]
    """Requirements, resources in the order in which they are applied, and postconditions of the
    host of that name."""
    openings: Callable[[Inventory, str], list[Opening]] = _no_openings
    """Everything that has to come in for the role's sake on the host of that name, be it one of its
    own or another's that its hosts ask: for the firewall."""
    gate: Gate = "some"
    """Share of its hosts that must be well for roles of a higher number to start."""
    split: Split | None = None
    """Its waves, where it has more than one."""
    serves_leaving: bool = False
    """True where hosts that leave the cluster use it until they are clean."""
    view: Callable[[Inventory, str], View[Any]] | None = None
    """Facts that ``cluster status`` asks a host for, and their combination: a ``HostStatus``, where
    the role stands by itself. ``None`` where there is nothing to look at."""
    logs: Callable[[Inventory, str], tuple[Log, ...]] = _no_logs
    """Logs of the host of that name."""
    diagnostics: Mapping[str, str] = field(default_factory=dict)
    """Shell fragments for a support bundle, by the name of the file that holds the answer."""
    question: Question | None = None
    """Question by which ``cluster init`` asks for its hosts; ``None`` where it does not."""
    machines: Machines | None = None
    """Machines that ``cluster lab`` makes for it; ``None`` where it makes none."""

    def hosts(self, inventory: Inventory) -> tuple[str, ...]:
        """Names of its hosts; none where the inventory lacks the group."""
        group = groups(inventory).get(self.key)
        return tuple(group.hosts) if group is not None else ()

    def waves(self, hosts: tuple[str, ...], masters: Collection[str]) -> list[Wave]:
        """Those of its hosts in order; ``masters`` hold a VIP now."""
        parts = [(self.name, hosts)] if self.split is None else self.split(hosts, masters)
        return [Wave(title, names, self.gate, self.key) for title, names in parts if names]
