"""The memory of a cluster, for people and for machines."""

from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.text import Text

from ...model.cluster_record import ClusterRecord
from ...operations.run.memory import Memory

_RUNS = 5


def memory_record(memory: Memory, silent: dict[str, str]) -> dict[str, Any]:
    """``{"serial", "by", "at", "held_by", "hosts": {host: {"serial", "current"} or null},
    "silent": {host: reason}, "told": [text], "drained": {host: {"who", "since", …}}, "pinned":
    {host: {"release", …}}, "shares": {host: percent}, "preferred", "upgrade", "maintenance": {"id",
    "what", "where", "hosts": {host: status}} or null, "rotation": {"phase", "by"} or null,
    "deployed": [host], "history": [run]}``; null is a host that remembers nothing."""
    record = memory.record
    return {
        "serial": record.serial,
        "by": record.by,
        "at": record.at,
        "held_by": memory.held_by,
        "hosts": {name: _of_host(memory, name) for name in memory.asked},
        "silent": silent,
        "told": list(memory.told),
        "drained": {name: asdict(one) for name, one in record.runtime.drains.items()},
        "pinned": {name: asdict(one) for name, one in record.runtime.pins.items()},
        "shares": dict(record.runtime.shares),
        "preferred": record.runtime.preferred,
        "upgrade": asdict(record.upgrade) if record.upgrade else None,
        "maintenance": _maintenance(record),
        "rotation": record.rotation.record() if record.rotation else None,
        "deployed": sorted(record.members),
        "history": [asdict(run) for run in reversed(record.history)],
    }


def show_memory(console: Console, memory: Memory, silent: dict[str, str]) -> None:
    """Show it, a line a thing."""

    def line(text: str, style: str = "") -> None:
        console.print(Text(text, style), soft_wrap=True)

    record = memory.record
    if record.serial:
        line(f"version {record.serial}, written {record.at} by {record.by}", "bold")
    elif memory.asked:
        line("This cluster remembers nothing: nothing was deployed yet.")
    else:
        line("Nobody who remembers the cluster can be asked.")
    if memory.asked:
        line(f"under way: {memory.held_by}" if memory.held_by else "no run is under way")
    for name in memory.asked:
        line(f"{name}: {_said_of_host(memory, name)}")
    for name, reason in silent.items():
        line(f"{name}: {reason}", "red")
    for text in memory.told:
        line(text, "yellow")
    for text in _contents(record):
        line(text)
    if record.history:
        line("last runs:", "bold")
    for run in reversed(record.history[-_RUNS:]):
        reason = f" ({run.reason})" if run.reason else ""
        line(f"  {run.id}  {run.command}  by {run.who}: {run.result}{reason}")


def _contents(record: ClusterRecord) -> list[str]:
    runtime = record.runtime
    lines = [f"{name}: {drain}" for name, drain in runtime.drains.items()]
    lines += [f"{name}: {pin}" for name, pin in runtime.pins.items()]
    lines += [f"{name}: has {share} % of its weight" for name, share in runtime.shares.items()]
    if runtime.preferred:
        lines.append(f"{runtime.preferred} is preferred as master")
    if record.upgrade:
        lines.append(str(record.upgrade))
    if found := _maintenance(record):
        lines.append(str(record.maintenance))
        lines += [f"  {host}: {status}" for host, status in found["hosts"].items()]
    if record.rotation:
        lines.append(str(record.rotation))
    if record.members:
        lines.append(f"deployed: {', '.join(sorted(record.members))}")
    return lines


def _maintenance(record: ClusterRecord) -> dict[str, Any] | None:
    found = record.maintenance
    if found is None:
        return None
    hosts = {str(host["host"]): str(host["status"]) for host in found.state.get("hosts", ())}
    return {"id": found.id, "what": found.what, "where": found.where, "hosts": hosts}


def _of_host(memory: Memory, name: str) -> dict[str, Any] | None:
    found = memory.found.get(name)
    if found is None:
        return None
    return {"serial": found.serial, "current": found == memory.record}


def _said_of_host(memory: Memory, name: str) -> str:
    found = memory.found.get(name)
    if found is None:
        return "remembers nothing; the next change tells it"
    if found == memory.record:
        return "remembers this version"
    return f"remembers version {found.serial}, by {found.by}; the next change tells it"
