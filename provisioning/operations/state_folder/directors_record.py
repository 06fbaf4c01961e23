"""The record of what the directors were given last, so that real servers are drained on directors
as they are.

An edit may change nodes and directors at once: the health check, say, and what it asks for. The
nodes are changed first, and until the directors' turn comes these go on with what they have, but
for the weights. The cluster's record keeps the part of the inventory that they follow. No secret
is in it.
"""

import json
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ...model.derived.resolve import all_hosts
from ...model.inventory import Inventory
from .runtime_state import change, load_record

_FORMER_FILE = "directors.json"
"""Where a folder alone remembered it, before hosts did."""
_HOST: dict[str, Any] = {"hosts": {"__all__": {"environment", "ssh"}}, "ssh": True}


def remember_directors(folder: Path, inventory: Inventory) -> None:
    """A director has what this inventory says. Raises ``RuntimeStateError``."""
    record = inventory.model_dump(
        mode="json",
        exclude_unset=True,
        include={"vip", "vips", "interface", "vrrp", "ipvs", "services", "tls"},
        exclude={"vrrp": {"auth_pass"}, "tls": {"certificate", "key"}},
    )
    for group in ("directors", "real_servers"):
        record[group] = getattr(inventory, group).model_dump(
            mode="json", exclude_unset=True, exclude=_HOST
        )
    if inventory.edges is not None:
        record["edges"] = inventory.edges.model_dump(
            mode="json", exclude_unset=True, exclude={"hosts": {"__all__": {"ssh"}}, "ssh": True}
        )
    if inventory.monitoring is not None:
        # Directors tell what is expected of them; whom alerts are told to is nothing to them.
        record["monitoring"] = inventory.monitoring.model_dump(
            mode="json",
            exclude_unset=True,
            exclude={"receivers": True, "heartbeat": True, **_HOST},
        )
    change(folder, lambda remembered: replace(remembered, directors=record))
    (folder / _FORMER_FILE).unlink(missing_ok=True)


def as_directors_have_it(folder: Path, inventory: Inventory) -> Inventory:
    """The inventory with what the directors were given last in place of what they will be given.
    Hosts have the names that they have now. Where it is not known what they were given, the
    inventory as it is."""
    try:
        old = Inventory.model_validate(_named_as_now(_remembered(folder), inventory))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ValidationError):
        return inventory
    vrrp = old.vrrp.model_copy(update={"auth_pass": inventory.vrrp.auth_pass})
    return inventory.model_copy(
        update={
            "vip": old.vip,
            "vips": old.vips,
            "interface": old.interface,
            "vrrp": vrrp,
            "ipvs": old.ipvs,
            "services": old.services,
            "tls": old.tls,
            "directors": old.directors,
            "edges": old.edges,
            "monitoring": old.monitoring,
            "real_servers": old.real_servers,
        }
    )


def _remembered(folder: Path) -> dict[str, Any]:
    known = load_record(folder).directors
    if known is not None:
        return deepcopy(dict(known))
    former: dict[str, Any] = json.loads((folder / _FORMER_FILE).read_text(encoding="utf-8"))
    return former


def _named_as_now(record: dict[str, Any], inventory: Inventory) -> dict[str, Any]:
    """A director that the inventory has no more cannot be reached any more, nor told."""
    hosts_now = all_hosts(inventory)
    now = {str(host.address): name for name, host in hosts_now.items()}
    names: dict[str, str] = {}
    for group in ("directors", "real_servers"):
        hosts = record[group].setdefault("hosts", {})
        names |= {name: now.get(host["address"], name) for name, host in hosts.items()}
        record[group]["hosts"] = {names[name]: host for name, host in hosts.items()}
    there = record["directors"]["hosts"].items()
    record["directors"]["hosts"] = {name: host for name, host in there if name in hosts_now}
    for group in ("edges", "monitoring"):
        if group in record:
            there = record[group].get("hosts", {}).items()
            record[group]["hosts"] = {name: host for name, host in there if name in hosts_now}
    for service in record.get("services", []):
        if service.get("real_servers") is not None:
            service["real_servers"] = [names.get(name, name) for name in service["real_servers"]]
    return record
