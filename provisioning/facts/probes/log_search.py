"""Find lines in a log host's folder, and print them in the order in which they were written.

Argument: ``{"folder": str, "text": str, "request": str, "age": seconds | null, "nodes": [str],
"level": str, "limit": int, "hours": int}``; an empty value asks for nothing. Prints JSON objects, a
line each: ``{"time", "received", "host", "service", "level", "line"}``, the latest ``limit`` of
them in order. Times are by this host's clock: signs of life tell by how much a
sender's was off at the time. Lines that a sender has sent twice are printed once.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Protocol

# datetime.UTC is newer than some hosts' Python.
UTC = timezone.utc  # noqa: UP017
LEVELS = ("debug", "info", "warning", "error")
HEARTBEAT = "heartbeat"
_AS = {
    "debug": "debug",
    "info": "info",
    "notice": "info",
    "warn": "warning",
    "warning": "warning",
    "err": "error",
    "error": "error",
    "crit": "error",
    "critical": "error",
    "alert": "error",
    "emerg": "error",
    "panic": "error",
}
_NGINX = re.compile(r"(\d{4}/\d\d/\d\d \d\d:\d\d:\d\d) \[(\w+)\] ")
_CTIME = re.compile(r"\w{3} (\w{3} +\d+ \d\d:\d\d:\d\d \d{4}): ")
_KEYS = ("time", "received", "node", "service", "level", "offset", "line")
_BEGIN = b'{"time":'
_ESCAPED = re.compile(r'["\\/\x00-\x1f\x7f]')
_AGREE = timedelta(milliseconds=100)
"""Two clocks that differ by no more count as one: so long may a sign of life be on its way."""
_SLACK = timedelta(hours=26)
"""A sender's clock may be ahead of this host's by as much."""


_PIECE = 1 << 20
"""Bytes."""


class Source(Protocol):
    """A file, packed or not."""

    def read(self, size: int, /) -> bytes: ...

    def readline(self) -> bytes: ...


Found = tuple[tuple[datetime, str, str, int, int], dict[str, object]]
"""The order of a line, and what is told of it."""


@dataclass
class Wanted:
    """The lines that are asked for."""

    text: str = ""
    request: str = ""
    since: datetime | None = None
    level: str = ""

    def __post_init__(self) -> None:
        word = re.escape(self.request)
        self._id = re.compile(f"(?<![\\w.:-]){word}(?![\\w.:-])") if self.request else None

    def has(self, line: str) -> bool:
        """Fixed strings; a request's id as a word of its own, whatever stands around it."""
        return self.text in line and (self._id is None or bool(self._id.search(line)))

    def takes(self, at: datetime, level: str) -> bool:
        """By time and level."""
        if self.since is not None and at < self.since:
            return False
        return not self.level or LEVELS.index(level) >= LEVELS.index(self.level)


@dataclass
class Run:
    """Signs of life, received from ``begin`` to ``end``, that agree about a clock."""

    begin: datetime
    end: datetime
    off: timedelta


class SendersClock:
    """Time by which a sender's clock is behind this host's, which changes when somebody sets it.
    ``beats``: when its signs of life were sent, by its clock, and received, by this one.

    A sign of life that had to wait tells too much. So those count that came as long after the one
    before as they were sent after it, and of such in a row that agree the one that tells least;
    where there are none, the one of all that does.
    """

    def __init__(self, beats: list[tuple[datetime, datetime]]) -> None:
        self._runs: list[Run] = []
        # itertools.pairwise is newer than some hosts' Python.
        for (before, heard), (sent, received) in zip(beats, beats[1:]):  # noqa: B905, RUF007
            if sent - before <= _AGREE or abs((sent - before) - (received - heard)) > _AGREE:
                continue
            least = min(heard - before, received - sent)
            if self._runs and abs(self._runs[-1].off - least) <= _AGREE:
                run = self._runs[-1]
                run.end, run.off = received, min(run.off, least)
            else:
                self._runs.append(Run(heard, received, least))
        self._least = min((received - sent for sent, received in beats), default=timedelta(0))

    def behind(self, sent: datetime, received: datetime) -> timedelta:
        """The time by which it was when a line was sent. Between two settings that may be, the
        line's own way tells: it was not received before it was sent."""
        before = [run for run in self._runs if run.begin <= received][-1:]
        after = [run for run in self._runs if run.begin > received][:1]
        if before and received <= before[0].end:
            after = []
        around = [run.off for run in (*before, *after)] or [self._least]
        way = received - sent
        off = max((off for off in around if off <= way + _AGREE), default=way)
        return off if abs(off) > _AGREE else timedelta(0)


def main() -> None:
    asked = json.loads(sys.argv[1])
    age = asked["age"]
    since = None if age is None else datetime.now(UTC) - timedelta(seconds=age)
    wanted = Wanted(asked["text"], asked["request"], since, asked["level"])
    found = search(Path(asked["folder"]), wanted, asked["nodes"], asked["limit"], asked["hours"])
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    for record in found:
        print(json.dumps(record, ensure_ascii=False))


def search(
    folder: Path, wanted: Wanted, nodes: list[str], limit: int, hours: int = 0
) -> list[dict[str, object]]:
    """The latest ``limit`` in order, of each node's last ``hours`` (0 is all). Raises ``OSError``
    where there is no such folder."""
    found: list[Found] = []
    seen: set[int] = set()
    number = 0
    for file in files(folder, wanted.since, nodes, hours):
        clock: SendersClock | None = None
        for raw in lines(file, needle(wanted)):
            if (record := read(raw)) is None or record["service"] == HEARTBEAT:
                continue
            line = record["line"]
            if not wanted.has(line):
                continue
            if clock is None:
                clock = senders_clock(file)
            off = clock.behind(time_of(record["time"]), time_of(record["received"]))
            at, level = moment(line, record["time"]) + off, level_of(line, record["level"])
            if not wanted.takes(at, level):
                continue
            # A shipper that was killed reads, and sends, a file's end again.
            when = "" if record["offset"].isdigit() else record["time"]
            same = hash((line, when, *map(record.get, ("node", "service", "offset"))))
            if same in seen:
                continue
            seen.add(same)
            number += 1
            offset = int(record["offset"]) if record["offset"].isdigit() else 0
            key = (at, record["node"], record["service"], offset, number)
            told: dict[str, object] = {
                "time": at.isoformat(timespec="microseconds"),
                "received": record["received"],
                "host": record["node"],
                "service": record["service"],
                "level": level,
                "line": line,
            }
            found.append((key, told))
        found = latest(found, limit)
    return [told for _, told in found]


def latest(found: list[Found], limit: int) -> list[Found]:
    """In order."""
    return sorted(found, key=lambda one: one[0])[-limit:] if limit else []


def files(folder: Path, since: datetime | None, nodes: list[str], hours: int) -> Iterator[Path]:
    """Those that may have such lines, the oldest first."""
    first = "" if since is None else (since - _SLACK).strftime("%Y-%m-%dT%H")
    for node in sorted(folder.iterdir()):
        if node.is_dir() and (not nodes or node.name in nodes):
            kept = sorted(node.glob("*.jsonl*"))
            for file in kept[-hours:] if hours else kept:
                if file.name.partition(".")[0] >= first and file.suffix != ".part":
                    yield file


def lines(file: Path, needle: bytes) -> Iterator[bytes]:
    """Those that may have the needle; one that is being packed meanwhile has another name."""
    if file.suffix != ".gz":
        try:
            with file.open("rb") as plain:
                yield from having(plain, needle)
            return
        except FileNotFoundError:
            file = file.with_name(f"{file.name}.gz")
    with contextlib.suppress(FileNotFoundError), gzip.open(file) as packed:
        yield from having(packed, needle)


def having(source: Source, needle: bytes) -> Iterator[bytes]:
    """Whole pieces are looked at first: most have none."""
    while piece := source.read(_PIECE):
        piece += source.readline()
        if needle in piece:
            yield from (raw for raw in piece.split(b"\n") if raw and needle in raw)


def senders_clock(file: Path) -> SendersClock:
    """The clock of who sent these lines, by its signs of life among them."""
    beats = []
    for raw in lines(file, f'"{HEARTBEAT}"'.encode()):
        record = read(raw)
        if record is not None and record["service"] == HEARTBEAT:
            beats.append((time_of(record["time"]), time_of(record["received"])))
    return SendersClock(beats)


def time_of(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)


def needle(wanted: Wanted) -> bytes:
    """The longest piece of what is asked for that stands in a JSON text as it is."""
    pieces = [*_ESCAPED.split(wanted.text), *_ESCAPED.split(wanted.request)]
    return max(pieces, key=len).encode("utf-8", "surrogatepass")


def read(raw: bytes) -> dict[str, str] | None:
    """A record; nothing where a crash has left half a one. What a power cut has left before one, a
    piece of another or zeros, is left out: quotes in a line are escaped, so that none begins within
    one."""
    try:
        record = json.loads(raw[max(raw.rfind(_BEGIN), 0) :].decode("utf-8", "replace"))
        return {key: str(record[key]) for key in _KEYS}
    except (ValueError, KeyError, TypeError):
        return None


def moment(line: str, otherwise: str) -> datetime:
    """The time that the line itself tells, or the one at which it was read on its host."""
    sent = datetime.fromisoformat(otherwise.replace("Z", "+00:00"))
    told = told_in(line) or sent
    told = told if told.tzinfo else told.replace(tzinfo=sent.tzinfo)
    # Many have no fraction: within that second the order is that of reading.
    whole = told.microsecond == 0 and timedelta(0) <= sent - told < timedelta(seconds=1)
    return (sent if whole else told).astimezone(UTC)


def told_in(line: str) -> datetime | None:
    """The time in a line, without a zone where it names none."""
    try:
        if line.startswith("{"):
            return datetime.fromisoformat(str(json.loads(line)["time"]).replace("Z", "+00:00"))
        if match := _CTIME.match(line):
            return datetime.strptime(match[1], "%b %d %H:%M:%S %Y")
        if match := _NGINX.match(line):
            return datetime.strptime(match[1], "%Y/%m/%d %H:%M:%S")
    except (ValueError, KeyError, TypeError):
        pass
    return None


def level_of(line: str, otherwise: str) -> str:
    """One of ``LEVELS``: as the line tells it, or as its sender does."""
    if line.startswith("{"):
        try:
            return _AS[str(json.loads(line)["level"]).lower()]
        except (ValueError, KeyError, TypeError):
            return _AS.get(otherwise, "info")
    match = _NGINX.match(line)
    return _AS.get(match[2] if match else otherwise, "info")


if __name__ == "__main__":
    main()
