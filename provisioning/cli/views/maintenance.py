"""Display of a maintenance: its plan, its hosts as they go, its end."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from ...operations.maintain.phases import PHASES
from ...operations.maintain.phases.phase import Turn
from ...operations.maintain.planned import Planned
from ...operations.maintain.state import HostState, HostStatus, Maintenance
from ...operations.rolling import window
from ...operations.rolling.events import RunEvent, Watcher
from .upgrade import JsonLines, PlainLog, line_of

_STYLES = {
    HostStatus.DONE: "bold green",
    HostStatus.PUT_BACK: "bold yellow",
    HostStatus.OUT: "bold red",
}
_LAST_LINES = 8


@contextmanager
def watching(console: Console, state: Maintenance, *, as_json: bool) -> Iterator[Watcher]:
    """Provide a watcher for the time of the block."""
    if as_json:
        yield JsonLines()
    elif console.is_terminal:
        table = HostsTable(state)
        with Live(table, console=console, refresh_per_second=4):
            yield table
    else:
        yield PlainLog(console)


class HostsTable:
    """Show the hosts that are in the middle, counts of the others, and the last lines below."""

    def __init__(self, state: Maintenance) -> None:
        self._lock, self._all = Lock(), len(state.hosts)
        self._now: dict[str, tuple[RunEvent, float]] = {}
        self._ended = {h.host for h in state.hosts if h.status is HostStatus.DONE}
        self._lines: list[str] = []

    def __call__(self, event: RunEvent, /) -> None:
        with self._lock:
            if event.host:
                since = self._now.get(event.host, (event, time.monotonic()))
                same = since[0].phase == event.phase
                self._now[event.host] = (event, since[1] if same else time.monotonic())
            if event.kind in ("maintained", "put_back", "failed"):
                self._now.pop(event.host, None)
                self._ended.add(event.host)
            if event.kind not in ("waiting", "phase", "phase_done"):
                self._lines = [*self._lines, line_of(event)][-_LAST_LINES:]

    def __rich__(self) -> Group:
        table = Table(box=None, pad_edge=False)
        for heading in ("host", "now", "", "seconds"):
            table.add_column(heading, overflow="ellipsis", no_wrap=True)
        with self._lock:
            for host, (event, since) in self._now.items():
                seconds = f"{time.monotonic() - since:.0f}"
                table.add_row(host, event.phase, Text(event.text), seconds)
            lines = [Text(line, "dim", overflow="ellipsis", no_wrap=True) for line in self._lines]
            count = Text(f"{len(self._ended)} of {self._all} hosts", "bold")
        return Group(count, table, *lines)


def show_plan(console: Console, planned: Planned) -> None:
    """Print what a run would do, batch by batch; of hosts that get the same it is said once."""

    def line(text: str, style: str = "") -> None:
        console.print(Text(text, style), soft_wrap=True)

    state = planned.state
    line(f"Maintenance: {state.work}", "bold")
    for note in planned.notes:
        line(f"note: {note}", "yellow")
    batches: dict[int, list[HostState]] = {}
    for host in state.hosts:
        batches.setdefault(host.batch, []).append(host)
    told: list[str] = []
    for number, hosts in batches.items():
        canary = ", canary" if any(host.canary for host in hosts) else ""
        group = f"batch {number}"
        if window.is_window(state, number):
            group = f"window, {state.most_out} out at most"
        line(
            f"{group}: {', '.join(host.host for host in hosts)}{canary}{_out(planned, number)}",
            "bold",
        )
        steps = steps_of(hosts[0], state)
        if steps == told:
            line("    as before")
            continue
        told = steps
        for step in steps:
            line(f"    {step}")
    if state.hosts:
        line(_how_long(state))
    else:
        line("No host to maintain.", "bold green")


def _out(planned: Planned, number: int) -> str:
    share = planned.out.get(number)
    return f" ({share}% of the weight is out meanwhile)" if share is not None else ""


def _how_long(state: Maintenance) -> str:
    """Say for how long capacity is down."""
    options, work = state.options, state.work
    parts = [f"its drain (at most {_minutes(options.drain_timeout)})"]
    parts += [f"the command (at most {_minutes(options.run_timeout)})"] if work.commands else []
    parts += [f"the reboot (at most {_minutes(options.reboot_timeout)})"] if work.reboot else []
    parts.append("the app's start and proof")
    numbers = {host.batch for host in state.hosts}
    batches = f"{len(numbers)} batches, one after the other"
    if any(window.is_window(state, number) for number in numbers):
        batches += "; in a window the next host begins when one is back"
    return (
        f"{batches}. A host is out for {', '.join(parts)}; after the first one the run says how "
        "long the others will take."
    )


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:g} min" if seconds >= 60 else f"{seconds:g} s"


def plan_record(planned: Planned) -> dict[str, Any]:
    """Render the plan as plain data: ``{"work": str, "max_out": int or null, "notes": [str],
    "hosts": [{"host", "roles", "batch", "canary", "percent_out", "steps": [str]}]}``; without
    ``max_out`` batches are barriers, and without ``percent_out`` a batch has no real server."""
    state = planned.state
    return {
        "work": str(state.work),
        "max_out": state.most_out,
        "notes": list(planned.notes),
        "hosts": [
            {
                "host": host.host,
                "roles": list(host.roles),
                "batch": host.batch,
                "canary": host.canary,
                "percent_out": planned.out.get(host.batch),
                "steps": steps_of(host, state),
            }
            for host in state.hosts
        ],
    }


def steps_of(host: HostState, state: Maintenance) -> list[str]:
    """Describe what the phases of a host would do."""
    turn = Turn(host, state.options, state.work)
    return [
        f"{phase.name}: {phase.describe(turn)}"
        for phase in PHASES
        if phase.applies(turn) and phase.name not in host.done
    ]


def show_end(console: Console, state: Maintenance) -> None:
    """Print the final status of every host, and why one failed."""
    for status in HostStatus:
        if names := [host.host for host in state.hosts if host.status is status]:
            text = Text(f"{status.value}: {', '.join(names)}", _STYLES.get(status, "yellow"))
            console.print(text, soft_wrap=True)
    for host in state.hosts:
        if host.reason and host.status is not HostStatus.DONE:
            console.print(Text(f"{host.host}: {host.reason}", "bold red"), soft_wrap=True)
