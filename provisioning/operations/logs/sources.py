"""Places of the logs of a cluster's services, and the fragments that read them. Pure."""

import json
import math
import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ...model.derived.resolve import service_manager_of
from ...model.inventory import Inventory
from ...places import LOG_SHIPPER
from ...roles.logs.own_log import service_log
from ...roles.registry import roles_of

BEAT = b"\0"
"""The byte a followed log sends from time to time, so that it ends when nobody listens any more."""

_CTIME = re.compile(r"\w{3} (\w{3} +\d+ \d\d:\d\d:\d\d \d{4}): ")
_DURATION = re.compile(r"(\d+)\s*([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True, slots=True)
class LogSource:
    """One service's log on one host."""

    host: str
    service: str
    file: str | None
    """Path, or nothing where it is in systemd's journal."""


def log_sources(inventory: Inventory, name: str) -> list[LogSource]:
    """The logs of a host's roles, and of what sends them to the log host."""
    roles = roles_of(inventory, name)
    logs = [log for role in roles for log in role.logs(inventory, name)]
    if roles and inventory.logs is not None:
        logs.append(service_log(LOG_SHIPPER, service_manager_of(inventory, name)))
    return [LogSource(name, log.service, log.file) for log in logs]


def read_script(source: LogSource, *, lines: int, age: float | None, follow: bool) -> str:
    """Script that prints the log, or what is no older than ``age`` seconds by the host's own clock,
    which may be another than that of whoever asks. Its first line is for ``beginning``. The age is
    minded in the journal only; of a file all is printed then, for ``newer`` to choose from."""
    head = "date '+%z %s'\n"
    if source.file is None:
        # As a program of its own: `exec` takes no assignment.
        words = [
            "env",
            "LC_ALL=C.UTF-8",
            "journalctl",
            "--no-pager",
            "--quiet",
            "-o",
            "short-iso",
            "-u",
        ]
        words.append(source.service)
        since = f'"--since=@$(($(date +%s) - {math.ceil(age or 0)}))"'
        count = since if age is not None else f"-n {lines}"
        read = f"{shlex.join(words)} {count}{' -f' if follow else ''}"
    else:
        count = str(lines) if age is None else "+1"
        tail = shlex.join(["tail", "-n", count, *(["-F"] if follow else []), "--"])
        file = shlex.quote(source.file)
        # It was renamed, and nobody has written since.
        head += f'file={file}\n[ -e "$file" ] || [ ! -e {file}.1 ] || file={file}.1\n'
        read = f"{tail} {file}" if follow else f'{tail} "$file"'
    if not follow:
        return f"{head}exec {read}\n"
    # A process that only waits to write would outlive its reader by hours.
    return (
        f"{head}trap '' PIPE\n{read} &\nreader=$!\n"
        "while sleep 5 && kill -0 $reader 2>/dev/null && printf '\\000'; do :; done\n"
        "kill $reader 2>/dev/null\n"
    )


def beginning(line: str, age: float | None) -> tuple[str, datetime | None]:
    """From a log's first line: the host's offset from UTC (``+0800``), as Keepalived's own times
    have none, and the moment ``age`` seconds ago by the host's clock."""
    offset, _, now = line.partition(" ")
    if age is None or not now.isdigit():
        return offset, None
    return offset, datetime.fromtimestamp(int(now) - age, UTC)


def moment(text: str, now: datetime) -> datetime:
    """``10m`` (before ``now``; s, m, h, d) or a date with or without a time, in ``now``'s time
    zone where it names none. Raises ``ValueError``."""
    if match := _DURATION.fullmatch(text.strip()):
        return now - timedelta(**{_UNITS[match[2]]: int(match[1])})
    found = datetime.fromisoformat(text.strip())
    return found if found.tzinfo else found.replace(tzinfo=now.tzinfo)


def newer(lines: Iterable[str], since: datetime | None, offset: str) -> Iterator[str]:
    """The lines from the first on that is not older; those without a time go with the one
    before them."""
    wanted = since is None
    for line in lines:
        if not wanted and since is not None:
            written = _time_of(line, offset)
            wanted = written is not None and written >= since
        if wanted:
            yield line


def _time_of(line: str, offset: str) -> datetime | None:
    try:
        if line.startswith("{"):
            return datetime.fromisoformat(json.loads(line)["time"])
        if match := _CTIME.match(line):
            zone = datetime.strptime(offset, "%z").tzinfo or UTC
            return datetime.strptime(match[1], "%b %d %H:%M:%S %Y").replace(tzinfo=zone)
        # As journalctl -o short-iso has it.
        return datetime.fromisoformat(line.split(" ", 1)[0])
    except (ValueError, KeyError, TypeError):
        return None


def local_now() -> datetime:
    """The control machine's time with its zone."""
    return datetime.now(UTC).astimezone()
