"""Record of the hosts that were deployed, so that one that leaves the inventory is not left behind.

The cluster's record says of each how it was reached and what it did. No secret is in it, only
where one comes from.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ...model.derived.resolve import (
    all_hosts,
    connection_of,
    groups,
    groups_of,
    interface_of,
    service_manager_of,
)
from ...model.groups import managed_groups
from ...model.hosts import Group, Host
from ...model.inventory import Inventory
from ...model.service import VirtualService
from ...roles.real_server.real_server import REAL_SERVERS
from .runtime_state import RuntimeStateError, change, load_record

_FORMER_FILE = "members.json"
"""Where a folder alone remembered them, before hosts did."""


@dataclass(frozen=True, slots=True)
class DeployedHost:
    """A host as it was last deployed."""

    roles: list[str]
    host: dict[str, Any]
    """Its inventory entry, with what group and inventory gave it (a ``Host`` as JSON)."""
    services: list[str] = field(default_factory=list)
    """Services that listed the host among their real servers."""
    group: dict[str, Any] = field(default_factory=dict)
    """What its groups cannot be without (the VIP of edges), should it leave with all of them."""

    @property
    def address(self) -> str:
        """Its address on the cluster's network."""
        return str(self.host["address"])


DeployedHosts = dict[str, DeployedHost]


def load_deployed_hosts(folder: Path) -> DeployedHosts:
    """Hosts that were deployed, by name, as far as this folder knows. Raises
    ``RuntimeStateError``."""
    record = load_record(folder)
    return deployed_hosts(record.members) if record.members else _formerly(folder / _FORMER_FILE)


def deployed_hosts(members: Mapping[str, Any]) -> DeployedHosts:
    """Those of a cluster's record. Pure. Raises ``RuntimeStateError``."""
    try:
        return {str(name): DeployedHost(**fields) for name, fields in members.items()}
    except TypeError:
        raise RuntimeStateError(
            "the cluster remembers its hosts in a form that this version does not know; use the "
            "version that wrote it"
        ) from None


def _formerly(path: Path) -> DeployedHosts:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return {str(name): DeployedHost(**fields) for name, fields in content.items()}
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise RuntimeStateError(
            f"{path} cannot be read: {error.strerror}; correct its permissions"
        ) from None
    except (ValueError, TypeError, AttributeError):
        raise RuntimeStateError(
            f"{path} is damaged; delete it, and clean by hand what had left the inventory"
        ) from None


def _save(folder: Path, members: DeployedHosts) -> None:
    content = {name: asdict(member) for name, member in members.items()}
    change(folder, lambda record: replace(record, members=content))
    (folder / _FORMER_FILE).unlink(missing_ok=True)


def remember(folder: Path, inventory: Inventory, names: Iterable[str]) -> None:
    """Record hosts of the inventory as they are now. A host with the address of another one takes
    its place: it was renamed. Raises ``RuntimeStateError`` and ``TransportError``."""
    members = load_deployed_hosts(folder)
    now = {name: _member(inventory, name) for name in names}
    addresses = {member.address for member in now.values()}
    kept = {n: one for n, one in members.items() if n in now or one.address not in addresses}
    _save(folder, {**kept, **now})


def forget(folder: Path, names: Iterable[str]) -> list[str]:
    """Remove hosts from the record; return those that were in it."""
    members = load_deployed_hosts(folder)
    gone = [name for name in names if name in members]
    if gone:
        _save(folder, {name: m for name, m in members.items() if name not in gone})
    return gone


def departed(members: DeployedHosts, inventory: Inventory) -> DeployedHosts:
    """List deployed hosts that are in the inventory neither by name nor by address. Pure."""
    hosts = all_hosts(inventory)
    addresses = {str(host.address) for host in hosts.values()}
    return {
        name: member
        for name, member in members.items()
        if name not in hosts and member.address not in addresses
    }


def inventory_with(inventory: Inventory, members: DeployedHosts) -> Inventory:
    """Copy the inventory with these hosts still in it. Pure. Raises ``RuntimeStateError`` where
    the record cannot be read any more."""
    try:
        hosts = {
            key: _hosts(group.host_type, members, key) for key, group in managed_groups().items()
        }
        changes: dict[str, Any] = {
            key: _more(getattr(inventory, key) or _left_group(key, more, members), more)
            for key, more in hosts.items()
            if more
        }
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise RuntimeStateError(
            f"{', '.join(members)} left the inventory, and what was recorded of them does not do"
            f" for this version ({wrong}); `cluster forget` them, and clean them by hand"
        ) from None
    changes["services"] = [
        _with_servers(service, hosts[REAL_SERVERS.key], members) for service in inventory.services
    ]
    return inventory.model_copy(update=changes)


def _with_servers(
    service: VirtualService, names: Iterable[str], members: DeployedHosts
) -> VirtualService:
    """The service with those that it listed."""
    if service.real_servers is None:
        return service
    more = [name for name in names if service.name in members[name].services]
    return service.model_copy(update={"real_servers": [*service.real_servers, *more]})


def _more(group: Any, hosts: dict[str, Any]) -> Any:
    return group.model_copy(update={"hosts": {**group.hosts, **hosts}})


def _left_group(key: str, names: Iterable[str], members: DeployedHosts) -> Group[Any]:
    """The group as it was, when all of it has left."""
    had = {k: v for name in names for k, v in members[name].group.items()}
    kind = managed_groups()[key]
    return kind.model_validate({k: v for k, v in had.items() if k in _needed(kind)})


def _needed(kind: type[Group[Any]]) -> list[str]:
    """Keys that a group cannot be without."""
    return [name for name, one in kind.model_fields.items() if one.is_required()]


def _hosts(kind: type[Host], members: DeployedHosts, role: str) -> dict[str, Host]:
    known = kind.model_fields.keys()
    return {
        name: kind.model_validate({k: v for k, v in member.host.items() if k in known})
        for name, member in members.items()
        if role in member.roles
    }


def _member(inventory: Inventory, name: str) -> DeployedHost:
    host = all_hosts(inventory)[name]
    connection = connection_of(inventory, name).model_dump(
        mode="json", exclude_unset=True, exclude_none=True
    )
    # A !vault block is never written anywhere else; then the inventory's own has to do.
    ssh = {key: value for key, value in connection.items() if value != {}}
    roles = groups_of(inventory, name)
    entry: dict[str, Any] = {}
    needed: dict[str, Any] = {}
    for group in groups(inventory).values():
        if group.managed and name in group.hosts:
            entry |= group.hosts[name].model_dump(mode="json", exclude_unset=True)
            keys = set(_needed(type(group)))
            needed |= group.model_dump(mode="json", include=keys, exclude_unset=True)
    entry |= {
        "address": str(host.address),
        "interface": interface_of(inventory, name),
        "service_manager": service_manager_of(inventory, name).value,
        "ssh": ssh,
    }
    # What it was given in its environment may be secret, and is not needed to leave.
    entry.pop("environment", None)
    listed = [one.name for one in inventory.services if name in (one.real_servers or ())]
    return DeployedHost(roles, entry, listed, needed)
