"""Shows a run as it goes: a live table on a terminal, one line an event elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from ...engine.progress import Event, Progress, silent

_STYLES = {"failed": "bold red", "done": "green", "undo": "yellow", "waiting": "cyan"}
_SHOWN_PLAIN = {"wave", "step", "undo", "done", "failed"}


@contextmanager
def progress_on(console: Console, *, quiet: bool = False) -> Iterator[Progress]:
    """A watcher for the time of the block. Quiet shows nothing."""
    if quiet:
        yield silent
    elif console.is_terminal:
        table = _Table()
        with Live(table, console=console, refresh_per_second=8, transient=False):
            yield table.take
    else:
        yield _Lines(console).take


class _Lines:
    def __init__(self, console: Console) -> None:
        self._console, self._lock = console, Lock()
        self._began = time.monotonic()
        self._waiting: dict[str, str] = {}

    def take(self, event: Event) -> None:
        if event.kind == "waiting":
            # One line for the wait, not one a second.
            if self._waiting.get(event.host) == event.text:
                return
            self._waiting[event.host] = event.text
        elif event.kind not in _SHOWN_PLAIN:
            return
        with self._lock:
            self._console.print(
                Text(f"[{time.monotonic() - self._began:6.1f}s] {_line(event)}"), soft_wrap=True
            )


def _line(event: Event) -> str:
    if event.kind == "wave":
        return f"== {event.text}: {event.total} hosts"
    count = f" {event.number}/{event.total}" if event.total else ""
    word = {"step": "", "waiting": "waiting for ", "undo": "taking back ", "failed": "FAILED: "}
    return f"{event.host}{count}: {word.get(event.kind, '')}{event.text}"


class _Table:
    """The latest event of every host, drawn anew at each refresh."""

    def __init__(self) -> None:
        self._lock, self._wave = Lock(), ""
        self._rows: dict[str, tuple[Event, float]] = {}
        self._counts: dict[str, str] = {}

    def take(self, event: Event) -> None:
        with self._lock:
            if event.kind == "wave":
                self._wave = event.text
                return
            self._rows[event.host] = (event, time.monotonic())
            if event.total:
                self._counts[event.host] = f"{event.number}/{event.total}"

    def __rich__(self) -> Table:
        table = Table(title=self._wave or None, title_justify="left", box=None, pad_edge=False)
        for heading in ("host", "step", "", "seconds"):
            table.add_column(heading, overflow="ellipsis", no_wrap=heading != "")
        with self._lock:
            for host, (event, since) in self._rows.items():
                style = _STYLES.get(event.kind, "")
                text = event.text or event.kind
                text = f"waiting for {text}" if event.kind == "waiting" else text
                running = event.kind in ("connect", "step", "waiting", "undo")
                seconds = f"{time.monotonic() - since:.0f}" if running else ""
                table.add_row(host, self._counts.get(host, ""), Text(text, style), seconds)
        return table
