"""Keepalived as it is on a host: its processes, and whose configuration it has. Pure."""

from dataclasses import dataclass

from ...places import KEEPALIVED_CONF
from ...resources.base import Observation
from ..fact import Fact

_MADE_BY = "# Made by cosyvoice-cluster"
_FRAGMENT = f"""\
if [ -s {KEEPALIVED_CONF} ]; then
    if head -n 1 {KEEPALIVED_CONF} | grep -q '^{_MADE_BY}'; then echo ours; else echo other; fi
else
    echo none
fi
for pid in $(pidof keepalived || :); do
    parent=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$pid/status" 2>/dev/null) || continue
    echo "$pid $parent $(tr '\\0\\n' '  ' < "/proc/$pid/cmdline")"
done"""


@dataclass(frozen=True, slots=True)
class KeepalivedFound:
    """Keepalived on a host."""

    conf: str
    """``ours``, ``other`` or ``none``."""
    instances: tuple[tuple[int, str], ...]
    """Process and command line of each that runs, without the children that it started."""


def _parse(found: Observation) -> KeepalivedFound:
    conf, *lines = found.stdout.splitlines() or ["none"]
    processes: dict[int, tuple[int, str]] = {}
    for line in lines:
        pid, parent, command = (*line.split(" ", 2), "", "")[:3]
        if pid.isdecimal() and parent.isdecimal():
            processes[int(pid)] = (int(parent), command.strip())
    first = ((pid, said) for pid, (parent, said) in processes.items() if parent not in processes)
    return KeepalivedFound(conf, tuple(sorted(first)))


KEEPALIVED_FOUND = Fact("keepalived_found", _FRAGMENT, _parse)
