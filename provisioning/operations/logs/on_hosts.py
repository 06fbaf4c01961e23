"""Search in a host's own logs: the fragment, and what its answer says. Pure."""

import json
import math
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from ...facts.probes.log_search import Wanted, level_of, moment, needle
from .sources import LogSource

_PRIORITIES = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")


@dataclass(frozen=True, slots=True)
class HostQuery:
    """The lines that are asked for; an empty value asks for nothing."""

    text: str
    request: str
    level: str
    age: float | None
    """Seconds."""


def search_script(source: LogSource, asked: HostQuery) -> str:
    """Script that prints the host's time, and lines of the log that may be wanted."""
    piece = needle(Wanted(asked.text, asked.request)).decode("utf-8", "surrogatepass")
    # grep's status 1 is that there is none.
    pick = f"LC_ALL=C grep -aF -e {shlex.quote(piece)} || [ $? -eq 1 ]"
    return f"date '+%Y-%m-%dT%H:%M:%S%:z'\n{_all(source, asked.age)} | {{ {pick}; }}\n"


def _all(source: LogSource, age: float | None) -> str:
    if source.file is None:
        words = ["journalctl", "--no-pager", "--quiet", "-o", "json", "-u", source.service]
        since = "" if age is None else f' "--since=@$(($(date +%s) - {math.ceil(age)}))"'
        return shlex.join(words) + since
    file = shlex.quote(source.file)
    # The one before is there once it was rotated.
    return f"{{ [ ! -f {file}.1 ] || cat -- {file}.1; cat -- {file}; }}"


def lines_of(source: LogSource, asked: HostQuery, output: str) -> Iterator[dict[str, Any]]:
    """Records of the lines that are wanted; of those that tell no time, with that of the look."""
    now, _, rest = output.partition("\n")
    if not now:
        return
    since = None
    if asked.age is not None:
        since = datetime.fromisoformat(now).astimezone(UTC) - timedelta(seconds=asked.age)
    wanted = Wanted(asked.text, asked.request, since, asked.level)
    for raw in rest.split("\n"):
        if not raw:
            continue
        line, sent, severity = _of_journal(raw) if source.file is None else (raw, now, "")
        at, level = moment(line, sent), level_of(line, severity)
        if wanted.has(line) and wanted.takes(at, level):
            yield {
                "time": at.isoformat(timespec="microseconds"),
                "received": None,
                "host": source.host,
                "service": source.service,
                "level": level,
                "line": line,
            }


def _of_journal(raw: str) -> tuple[str, str, str]:
    """Line, time and severity; of bytes that are no text, journalctl gives the numbers."""
    entry = json.loads(raw)
    message = entry.get("MESSAGE") or ""
    text = message if isinstance(message, str) else bytes(message).decode("utf-8", "replace")
    at = datetime.fromtimestamp(int(entry["__REALTIME_TIMESTAMP"]) / 1e6, UTC)
    return text, at.isoformat(), _PRIORITIES[int(entry.get("PRIORITY", 6))]
