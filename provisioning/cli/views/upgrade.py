"""Display of a rolling upgrade: a live table of nodes and phases on a terminal, a line an event in
a log, a JSON object an event for a program.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Lock
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from ...operations.rolling import window
from ...operations.rolling.events import RunEvent, Watcher
from ...operations.rolling_upgrade.downtime import MinimumDowntime
from ...operations.rolling_upgrade.forecast import Forecast, forecast, roughly
from ...operations.rolling_upgrade.options import UpgradeOptions
from ...operations.rolling_upgrade.phases import PHASES
from ...operations.rolling_upgrade.state import Node, NodeStatus, Upgrade
from .json_output import print_json

_ENDS = ("upgraded", "rolled_back", "blocked", "failed")
_STYLES = {
    "upgraded": "bold green",
    "rolled_back": "bold yellow",
    "blocked": "bold yellow",
    "failed": "bold red",
    "phase_failed": "bold red",
    "undo": "yellow",
    "undo_failed": "bold red",
    "waiting": "cyan",
}
_LAST_LINES = 6


@contextmanager
def watching(console: Console, upgrade: Upgrade, *, as_json: bool) -> Iterator[Watcher]:
    """Provide a watcher for the time of the block."""
    if as_json:
        yield JsonLines()
    elif console.is_terminal:
        table = LiveTable(upgrade.nodes)
        with Live(table, console=console, refresh_per_second=4):
            yield table
    else:
        yield PlainLog(console)


class JsonLines:
    """Print one JSON object a line, with the time."""

    def __init__(self) -> None:
        self._lock = Lock()

    def __call__(self, event: RunEvent, /) -> None:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        with self._lock:
            print_json({"time": now, **event.record()}, indent=None)


class PlainLog:
    """Print one line an event; of a wait, one line when the remaining work changes."""

    def __init__(self, console: Console) -> None:
        self._console, self._lock, self._began = console, Lock(), time.monotonic()
        self._waits: dict[str, object] = {}

    def __call__(self, event: RunEvent, /) -> None:
        with self._lock:
            if event.kind == "waiting":
                # A countdown is printed once.
                key = (event.phase, event.text if "seconds_left" not in event.facts else "")
                if self._waits.get(event.host) == key:
                    return
                self._waits[event.host] = key
            stamp = f"[{time.monotonic() - self._began:7.1f}s] "
            self._console.print(Text(stamp + line_of(event)), soft_wrap=True)


def line_of(event: RunEvent) -> str:
    """Format an event for people."""
    words = {
        "batch": "== ",
        "phase_failed": "FAILED: ",
        "undo_failed": "FAILED TO ROLL BACK: ",
        "blocked": "BLOCKED: ",
        "waiting": "waiting: ",
        "output": "| ",
        "phase_done": "done: ",
        "undo_done": "done: ",
    }
    seconds = event.facts.get("seconds")
    took = f" ({seconds:.1f} s)" if isinstance(seconds, float) else ""
    text = f"{words.get(event.kind, '')}{event.text}{took}"
    return f"{event.host}: {text}" if event.host else text


class LiveTable:
    """Show every node with its phases, and the last lines of the log below."""

    def __init__(self, nodes: Sequence[Node]) -> None:
        self._lock = Lock()
        self._nodes = {node.host: node for node in nodes}
        self._done = {node.host: list(node.done) for node in nodes}
        self._now: dict[str, tuple[RunEvent, float]] = {}
        self._lines: list[str] = []
        self._forecast: tuple[RunEvent, float] | None = None

    def __call__(self, event: RunEvent, /) -> None:
        with self._lock:
            if event.host in self._nodes:
                since = self._now.get(event.host, (event, time.monotonic()))
                same = since[0].phase == event.phase and event.kind == "waiting"
                self._now[event.host] = (event, since[1] if same else time.monotonic())
                if event.kind == "phase_done" and event.phase not in self._done[event.host]:
                    self._done[event.host].append(event.phase)
                if event.kind == "undo_done" and event.phase in self._done[event.host]:
                    self._done[event.host].remove(event.phase)
            if event.kind == "forecast":
                self._forecast = event, time.monotonic()
            elif event.kind not in ("waiting", "phase", "phase_done", "undo_done"):
                self._lines = [*self._lines, line_of(event)][-_LAST_LINES:]

    def __rich__(self) -> Group:
        table = Table(box=None, pad_edge=False)
        for heading in ("batch", "host", "phases", "now", "seconds"):
            table.add_column(heading, overflow="ellipsis", no_wrap=True)
        with self._lock:
            for host, node in self._nodes.items():
                table.add_row(str(node.batch), host, self._phases(node), *self._state(node))
            lines = [Text(line, "dim", overflow="ellipsis", no_wrap=True) for line in self._lines]
            left = [Text(text, "cyan") for text in self._time_left()]
        return Group(table, *left, *lines)

    def _time_left(self) -> list[str]:
        """Last forecast, less the time since."""
        if self._forecast is None:
            return []
        event, told = self._forecast
        left = event.facts.get("seconds_left")
        seconds = None if left is None else max(0.0, left - (time.monotonic() - told))
        return [str(Forecast(seconds, event.facts["nodes_done"], event.facts["nodes"]))]

    def _phases(self, node: Node) -> Text:
        at = self._now[node.host][0].phase if node.host in self._now else ""
        text = Text()
        for phase in PHASES[node.role]:
            done = phase.name in self._done[node.host]
            style = "green" if done else "bold cyan" if phase.name == at else "dim"
            text.append(("●" if done else "◐" if phase.name == at else "○"), style)
        return text

    def _state(self, node: Node) -> tuple[Text, str]:
        if node.host not in self._now:
            return Text(node.status.value, "dim"), ""
        event, since = self._now[node.host]
        running = event.kind not in _ENDS
        seconds = f"{time.monotonic() - since:.0f}" if running else ""
        text = event.text if event.kind != "waiting" else f"{event.phase}: {event.text}"
        return Text(text, _STYLES.get(event.kind, "")), seconds


def show_plan(console: Console, upgrade: Upgrade, notes: Sequence[str], *, forks: int = 10) -> None:
    """Print what a run would do, host by host. ``forks`` nodes are worked on at a time."""
    console.print(Text(f"Release {upgrade.target}", "bold"))
    for note in notes:
        console.print(Text(f"note: {note}", "yellow"), soft_wrap=True)
    for node in upgrade.nodes:
        canary = ", canary" if node.canary else ""
        group = f"batch {node.batch}"
        if window.is_window(upgrade, node.batch):
            group = f"window, {upgrade.most_out} out at most"
        console.print(Text(f"{group}: {node.host}{canary}", "bold"))
        for text in steps_of(node, upgrade.options, upgrade.target):
            console.print(Text(f"    {text}"), soft_wrap=True)
    if not upgrade.nodes:
        console.print(Text("Nothing to upgrade.", "bold green"))
    elif (seconds := forecast(upgrade, {}, forks).seconds) is not None:
        text = f"It takes {roughly(seconds)} if nodes take as long as in the last upgrade."
        console.print(Text(text, "cyan"), soft_wrap=True)


def plan_record(upgrade: Upgrade, notes: Sequence[str], *, forks: int = 10) -> dict[str, Any]:
    """Render the plan as plain data: ``{"target": id, "max_out": int or null, "seconds": number or
    null, "notes": [str], "nodes": [{"host", "role", "batch", "canary", "from", "steps": [str]}]}``;
    ``seconds`` is how long it takes if phases take what they took in the last upgrade."""
    return {
        "target": upgrade.target,
        "max_out": upgrade.most_out,
        "seconds": forecast(upgrade, {}, forks).seconds,
        "notes": list(notes),
        "nodes": [
            {
                "host": node.host,
                "role": node.role,
                "batch": node.batch,
                "canary": node.canary,
                "from": node.old,
                "steps": steps_of(node, upgrade.options, upgrade.target),
            }
            for node in upgrade.nodes
        ],
    }


def steps_of(node: Node, options: UpgradeOptions, target: str) -> list[str]:
    """Describe what the phases of a node would do."""
    return [
        f"{phase.name}: {phase.describe(node, options, target)}"
        for phase in PHASES[node.role]
        if phase.applies(node, options) and phase.name not in node.done
    ]


def show_downtimes(console: Console, found: Sequence[MinimumDowntime]) -> None:
    """Print the downtime of each node, against its minimum."""
    if not found:
        return
    table = Table(box=None, pad_edge=False)
    parts = list(found[0].parts)
    for heading in ("host", *parts, "minimum", "took", "ratio"):
        table.add_column(heading, justify="left" if heading == "host" else "right")
    for one in found:
        ratio = f"{one.ratio:.2f}" if one.ratio else ""
        numbers = [f"{one.parts[part]:.1f}" for part in parts]
        table.add_row(one.host, *numbers, f"{one.minimum:.1f}", f"{one.total:.1f}", ratio)
    console.print(table)
    console.print(
        Text("Seconds out of full service; minimum is drain, stop, start and warm.", "dim")
    )


def show_end(console: Console, upgrade: Upgrade) -> None:
    """Print the final status of every node."""
    by = {status: [n.host for n in upgrade.nodes if n.status is status] for status in NodeStatus}
    for status, style in (
        (NodeStatus.UPGRADED, "bold green"),
        (NodeStatus.WAITING, "yellow"),
        (NodeStatus.ROLLED_BACK, "bold yellow"),
        (NodeStatus.FAILED, "bold red"),
    ):
        if by[status]:
            console.print(Text(f"{status.value}: {', '.join(by[status])}", style), soft_wrap=True)
    for node in upgrade.nodes:
        if node.reason and node.status is not NodeStatus.UPGRADED:
            console.print(Text(f"{node.host}: {node.reason}", "bold red"), soft_wrap=True)
