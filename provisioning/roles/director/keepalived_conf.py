"""Values of keepalived.conf.

What a right configuration holds: keepalived.conf(5) and ipvsadm(8) of the versions in Debian 12.
"""

from ipaddress import IPv4Interface, IPv4Network
from pathlib import Path
from typing import Any

from ...model.address import IPAddress
from ...model.command import filled
from ...model.derived.resolve import (
    address_for,
    interface_of,
    priority_of,
    sync_daemon_of,
    sync_id_of,
    sync_interface_of,
    virtual_router_id_of,
    virtual_services,
)
from ...model.derived.sorry_address import sorry_address
from ...model.inventory import Inventory
from ...model.runtime import Runtime
from ...model.secrets.secret import reveal
from ...model.service import MiscCheck, Scheduler, VirtualService
from ...model.vrrp import VirtualIP
from ...places import (
    DYNAMIC_CHECK,
    NOTIFY,
    SWITCHOVER_FILE,
    TABLE_FILE,
    VRRP_FIFO,
    instance_name,
)


def configuration(inventory: Inventory, name: str, runtime: Runtime) -> dict[str, Any]:
    """Everything that the template names."""
    director = inventory.directors.hosts[name]
    return {
        "router_id": director.router_id or name,
        "priority": current_priority(inventory, name, runtime),
        "vrrp": inventory.vrrp,
        "ipvs": inventory.ipvs,
        "auth_pass": _password(inventory),
        "sync": _sync_daemon(inventory, name),
        "instances": instances(inventory, name),
        "services": [
            _service(inventory, vip, service, runtime)
            for vip in inventory.virtual_ips
            for service in virtual_services(inventory)
        ],
        "notify": NOTIFY,
        "fifo": VRRP_FIFO,
        "switchover_file": SWITCHOVER_FILE,
        "table_file": TABLE_FILE,
    }


def has_password(inventory: Inventory) -> bool:
    """True where VRRP adverts carry one (``auth_pass``; version 3 has none)."""
    return inventory.vrrp.version == 2 and inventory.vrrp.auth_pass is not None


def _password(inventory: Inventory) -> str:
    password = inventory.vrrp.auth_pass
    return reveal(password, Path()) if has_password(inventory) and password is not None else ""


def _sync_daemon(inventory: Inventory, name: str) -> dict[str, Any] | None:
    daemon = sync_daemon_of(inventory)
    if daemon is None:
        return None
    first = instances(inventory, name)[0]
    return {
        "interface": sync_interface_of(inventory, name, daemon),
        "instance": first["name"],
        "id": sync_id_of(inventory, daemon),
    }


def instances(inventory: Inventory, name: str) -> list[dict[str, Any]]:
    """VRRP instances, one for each virtual IP."""
    return [
        _instance(inventory, name, number, vip) for number, vip in enumerate(inventory.virtual_ips)
    ]


def _instance(inventory: Inventory, name: str, number: int, vip: VirtualIP) -> dict[str, Any]:
    own = {
        director: address_for(host, vip.address.ip)
        for director, host in inventory.directors.hosts.items()
    }
    return {
        "name": instance_name(number),
        "interface": vip.interface or interface_of(inventory, name),
        "vrid": virtual_router_id_of(inventory, vip),
        "address": str(vip.address),
        "source": own[name],
        "peers": [address for other, address in own.items() if other != name],
    }


def current_priority(inventory: Inventory, name: str, runtime: Runtime) -> int:
    """VRRP priority: the inventory's, but that a preferred director has changed places with the
    one that has the highest."""
    hosts = inventory.directors.hosts
    preferred = runtime.preferred
    if not inventory.vrrp.preempt or preferred not in hosts:
        return priority_of(inventory, name)
    highest = max(hosts, key=lambda one: priority_of(inventory, one))
    exchanged = {preferred: highest, highest: preferred}
    return priority_of(inventory, exchanged.get(name, name))


def _service(
    inventory: Inventory, vip: VirtualIP, service: VirtualService, runtime: Runtime
) -> dict[str, Any]:
    names = servers_of(inventory, service)
    servers = [_server(inventory, name, vip, service, runtime) for name in names]
    left = sum(server["weight"] for server in servers)
    if not left:
        # Keepalived takes no service of weight 0 as a whole, so these have theirs and a check
        # that fails.
        for server in servers:
            server["weight"] = inventory.real_servers.hosts[server["name"]].weight
    # Keepalived refuses what the servers cannot reach.
    quorum = max(1, min(service.quorum, left)) if left else service.quorum
    return {
        "name": service.name,
        "vip": vip.address.ip,
        "port": service.port,
        "scheduler": service.scheduler.value,
        "flags": scheduler_flags(service, drained=any(server["drained"] for server in servers)),
        "persistence": service.persistence,
        "granularity": _granularity(service, vip),
        "check": service.check,
        "quorum": quorum,
        "hysteresis": min(service.hysteresis, quorum - 1) if left else service.hysteresis,
        "alpha": service.alpha,
        "sorry_server": sorry_address(service, vip.address.ip),
        "servers": servers,
    }


def _server(
    inventory: Inventory, name: str, vip: VirtualIP, service: VirtualService, runtime: Runtime
) -> dict[str, Any]:
    host = inventory.real_servers.hosts[name]
    address = address_for(host, vip.address.ip)
    drained = name in runtime.drains
    return {
        "name": name,
        "address": address,
        **_misc(service, address),
        "weight": runtime.weight(name, host.weight),
        "drained": drained,
        # What fails its check is taken out, and the kernel then ends what is
        # established (expire_nodest_conn); a drained one fails it on purpose.
        "inhibit_on_failure": drained or service.inhibit_on_failure,
        "upper_threshold": host.upper_threshold,
        "lower_threshold": host.lower_threshold,
    }


def servers_of(inventory: Inventory, service: VirtualService) -> list[str]:
    """Names of the real servers of a service."""
    return service.real_servers or list(inventory.real_servers.hosts)


def scheduler_flags(service: VirtualService, *, drained: bool = False) -> list[str]:
    """Keywords of keepalived.conf(5) beside ``lvs_sched``.

    Without the fallback, sh and mh refuse the clients of a server of weight 0, so it is on while
    one is ``drained``.
    """
    if service.scheduler not in (Scheduler.SH, Scheduler.MH):
        return []
    wanted = {"port": service.hash_port, "fallback": service.hash_fallback or drained}
    return [f"{service.scheduler}-{flag}" for flag, on in wanted.items() if on]


def _misc(service: VirtualService, address: IPAddress | None) -> dict[str, object]:
    """Return what a script of the operator's is called by, and its limit in whole seconds.

    Keepalived 2.2.7 takes the weight that a script had set off the service's once too often when
    it kills the script, and that of each later answer is wrong by it. So one that says a weight
    ends by itself before.
    """
    check = service.check
    if not isinstance(check, MiscCheck):
        return {}
    limit = max(1, round(check.timeout))
    command = filled(check.command, {"address": str(address), "port": str(service.port)})
    if not check.dynamic:
        return {"misc_path": command, "misc_timeout": limit}
    return {"misc_path": f"{DYNAMIC_CHECK} {limit} {command}", "misc_timeout": limit + 1}


def _granularity(service: VirtualService, vip: VirtualIP) -> str | None:
    """A netmask for IPv4, a prefix length for IPv6, as keepalived.conf(5) has it."""
    prefix = service.persistence.granularity if service.persistence else None
    if prefix is None:
        return None
    if isinstance(vip.address, IPv4Interface):
        return str(IPv4Network((0, prefix)).netmask)
    return str(prefix)
