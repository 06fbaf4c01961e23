"""Reads logs of many hosts at the same time."""

from collections.abc import Callable
from datetime import datetime

from ...engine.fleet import Fleet
from ...transport.base import Transport
from .sources import (
    BEAT,
    LogSource,
    beginning,
    local_now,
    newer,
    read_script,
)

Take = Callable[[LogSource, str], None]
"""Gets every line, from several threads."""

_TIMEOUT = 60.0


def read_logs(
    fleet: Fleet,
    sources: dict[str, list[LogSource]],
    *,
    lines: int,
    since: datetime | None,
    take: Take,
) -> dict[str, str]:
    """Gives the latest ``lines`` of every source, or those since then, to ``take``, host by host.
    What went wrong, by host."""
    age = _age(since)

    def read(name: str, transport: Transport) -> tuple[list[tuple[LogSource, bytes]], str]:
        found, problems = [], []
        for source in sources[name]:
            script = read_script(source, lines=lines, age=age, follow=False)
            done = transport.run(script, timeout=_TIMEOUT)
            found.append((source, done.stdout))
            if done.status:
                said = done.stderr.decode("utf-8", "replace").strip()
                problems.append(said or f"status {done.status}")
        return found, "; ".join(problems)

    fleet.connect(sources)
    errors = {}
    for name, (found, problem) in fleet.each(sources, read).items():
        for source, output in found:
            # Not at all that Python takes for the end of a line: none of that begins another.
            text = output.decode("utf-8", "replace").removesuffix("\n")
            first, *rest = text.split("\n")
            offset, begin = beginning(first, age)
            for line in newer(rest, begin, offset):
                take(source, line)
        if problem:
            errors[name] = problem
    return errors | {name: str(fleet.errors[name]) for name in sources if name in fleet.errors}


def follow_logs(
    connect: Callable[[int], Fleet],
    sources: list[LogSource],
    *,
    lines: int,
    since: datetime | None,
    take: Take,
) -> dict[str, str]:
    """As ``read_logs``, line by line as they come, until the connection ends or Ctrl-C. Each
    source has a connection of its own, from ``connect`` for so many at a time."""
    age = _age(since)
    keyed = {f"{source.host}/{source.service}": source for source in sources}
    fleet = connect(len(keyed))

    def follow(key: str, transport: Transport) -> str:
        source = keyed[key]
        reader = LineReader(age, lambda line: take(source, line))
        script = read_script(source, lines=lines, age=age, follow=True)
        done = transport.run(script, on_stdout=reader.feed)
        return done.stderr.decode("utf-8", "replace").strip() or "the log's reader ended"

    try:
        fleet.connect(keyed)
        ended = fleet.each(keyed, follow)
    finally:
        fleet.close()
    errors = {keyed[key].host: said for key, said in ended.items()}
    return errors | {keyed[key].host: str(error) for key, error in fleet.errors.items()}


class LineReader:
    """Cuts what comes into lines, without the beats between them."""

    def __init__(self, age: float | None, take: Callable[[str], None]) -> None:
        self._age, self._take = age, take
        self._since: datetime | None = None
        self._rest = b""
        self._offset: str | None = None

    def feed(self, data: bytes) -> None:
        """Takes a piece of output; half a character waits for its other half."""
        *whole, self._rest = (self._rest + data.replace(BEAT, b"")).split(b"\n")
        texts = [line.decode("utf-8", "replace") for line in whole]
        if self._offset is None and texts:
            self._offset, self._since = beginning(texts.pop(0), self._age)
        for line in newer(texts, self._since, self._offset or ""):
            self._since = None
            self._take(line)


def _age(since: datetime | None) -> float | None:
    """Seconds: ages mean the same on every host, times only where clocks agree."""
    return None if since is None else (local_now() - since).total_seconds()
