"""A cluster's state as plain data, for ``cluster status --json``. Pure.

Schema; keys are only ever added. Sizes are bytes, ``null`` is "could not be told"::

    {"healthy": bool,
     "faults": [{"host": str, "text": str, "fix": str}],
     "hints": [str],
     "clocks": {host: seconds ahead of this machine's},
     "unreachable": {host: reason},
     "pinned": {host: {"release": str, "who": str, "since": str, "left": [str]}},
     "drained": {host: {"who": str, "since": str, "reason": str, "settled": bool,
         "stopped": bool, "cause": str}},
     "run": str (who changes the cluster now; empty where nobody does),
     "upgrade": {"id": str, "target": str, "where": str} | null (under way, or cut),
     "maintenance": {"id": str, "work": str, "where": str} | null (the same),
     "rotation": {"phase": "accept" | "sign" | "forget", "by": str} | null (of the secret),
     "directors": {host: {
         "keepalived": bool, "vrrp": {vip: "MASTER" | "BACKUP" | "FAULT" | "STOP"},
         "holds": [vip], "sync": ["master" | "backup"],
         "services": [{"vip": str, "port": int, "scheduler": str, "flags": [str],
             "persistence": seconds | null, "granularity": prefix length | null,
             "servers": [{"name": host | null, "address": str, "port": int, "forward": str,
                          "weight": int, "active": int, "inactive": int}]}]}},
     "real_servers": {host: {
         "vips_on_lo": [vip], "arp_ignore": int | null, "arp_announce": int | null,
         "service": "running" | str, "answers": {endpoint: {"ok": bool, "text": str}},
         "release": str, "version": str | null, "engine": str | null, "draining": bool | null,
         "running": int | null, "waiting": int | null,
         "nodes": {node: {"port": int, "card": str, "service": "running" | str, "ready": bool,
              "reason": str, "running": int | null, "waiting": int | null}} (with per_gpu),
         "mount": {"source": str, "fstype": str, "writable": bool, "answers": bool,
                   "free": int, "size": int} | null,
         "gpus": {"driver": str, "cuda": str, "problem": str, "lacking": [str],
             "other_xids": [int],
             "cards": [{"index": int, "name": str, "uuid": str, "capability": number | null,
                "memory_total": int | null, "memory_used": int | null,
                "utilization": percent | null, "temperature": degrees Celsius | null,
                "power": watts | null, "recovery": str, "ecc_uncorrected": int | null,
                "throttling": [str], "processes": int | null, "mig": int, "xids": [int],
                "lost": str}]} | null,
        "certificate": {"serial": str, "names": [str], "issuer": str, "until": ISO 8601 | null,
             "days_left": number | null, "problem": str} | null (no TLS),
        "gpu_health": {"mode": "report" | "drain" | "", "stays": str,
             "out": [{"gpu": int, "reason": str, "back_in": seconds | null}],
             "history": [{"time": str, "event": str, "gpu": int | null, "reason": str}]} | null}},
     "storage": {host: {"exported_to": [str], "threads": int, "free": int, "size": int}},
     key of a further role: {host: {...}}}

``host`` of a fault is empty where it concerns the cluster as a whole; ``name`` of a server is
null where the inventory does not know it.
"""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from ...facts.hosts.real_server import NodeState
from ...facts.ipvs.table import TableService
from ...facts.served_certificate import ServedCertificate
from ...model.cluster_record import UnfinishedMaintenance, UnfinishedUpgrade
from ...model.inventory import Inventory
from ...roles.wanted_services import WantedService, wanted_services
from ..cluster_state.state import ClusterState
from ..faults.fault import Fault
from .hints import hints


def status_record(inventory: Inventory, state: ClusterState, faults: list[Fault]) -> dict[str, Any]:
    """The whole, as the module's schema has it."""
    wanted = {one.key: one for one in wanted_services(inventory, state.runtime)}
    vips = [vip.address.ip for vip in inventory.virtual_ips]
    return {
        "healthy": not faults,
        "faults": faults_record(faults),
        "hints": hints(state, faults),
        "clocks": {name: round(clock.middle, 3) for name, clock in state.clocks.items()},
        "unreachable": state.unreachable,
        "pinned": {name: asdict(pin) for name, pin in state.runtime.pins.items()},
        "drained": {name: asdict(drain) for name, drain in state.runtime.drains.items()},
        "run": state.run,
        "upgrade": _upgrade(state.upgrade),
        "maintenance": _maintenance(state.maintenance),
        "rotation": state.rotation.record() if state.rotation else None,
        "directors": {
            name: {
                "keepalived": director.keepalived,
                "vrrp": {str(vip): said for vip, said in director.vrrp.items()},
                "holds": [str(vip) for vip in vips if director.interfaces.offers(vip)],
                "sync": list(director.sync),
                "services": [_service(one, wanted.get(one.key)) for one in director.table],
            }
            for name, director in state.directors.items()
        },
        "real_servers": {
            name: {
                "vips_on_lo": [str(vip) for vip in vips if server.interfaces.on_lo(vip)],
                "arp_ignore": server.arp_ignore,
                "arp_announce": server.arp_announce,
                "service": server.service,
                "answers": {place: asdict(said) for place, said in server.answers.items()},
                "release": server.release,
                "version": server.app.version if server.app else None,
                "engine": (server.app.engine or None) if server.app else None,
                "draining": server.app.draining if server.app else None,
                "running": server.app.running if server.app else None,
                "waiting": server.app.waiting if server.app else None,
                "nodes": {node: _node(one) for node, one in server.nodes.items()},
                "mount": asdict(server.mount) if server.mount else None,
                "gpus": asdict(server.gpus) if server.gpus else None,
                "certificate": certificate_record(server.certificate),
                "gpu_health": asdict(server.app.cards) if server.app else None,
            }
            for name, server in state.real_servers.items()
        },
        "storage": {name: asdict(host) for name, host in state.storage.items()},
        **{
            key: {name: dict(host.record) for name, host in hosts.items()}
            for key, hosts in state.others.items()
        },
    }


def _upgrade(upgrade: UnfinishedUpgrade | None) -> dict[str, str] | None:
    if upgrade is None:
        return None
    return {"id": upgrade.id, "target": upgrade.target, "where": upgrade.where}


def _maintenance(maintenance: UnfinishedMaintenance | None) -> dict[str, str] | None:
    if maintenance is None:
        return None
    return {"id": maintenance.id, "work": maintenance.what, "where": maintenance.where}


def _node(node: NodeState) -> dict[str, Any]:
    status = node.app.status
    return {
        "port": node.port,
        "card": node.card,
        "service": node.service,
        "ready": status is not None and not node.app.not_ready,
        "reason": node.app.not_ready,
        "running": status.running if status else None,
        "waiting": status.waiting if status else None,
    }


def faults_record(faults: list[Fault]) -> list[dict[str, Any]]:
    """Faults as the schema has them."""
    return [asdict(fault) for fault in faults]


def certificate_record(shown: ServedCertificate | None) -> dict[str, Any] | None:
    """A certificate as the schema has it."""
    return None if shown is None else shown.record(datetime.now(UTC))


def _service(one: TableService, wanted: WantedService | None) -> dict[str, Any]:
    return {
        "vip": str(one.address),
        "port": one.port,
        "scheduler": one.scheduler,
        "flags": sorted(one.flags),
        "persistence": one.persistence,
        "granularity": one.granularity,
        "servers": [
            {
                "name": wanted.name_of((server.address, server.port)) if wanted else None,
                **asdict(server),
                "address": str(server.address),
            }
            for server in one.servers
        ],
    }
