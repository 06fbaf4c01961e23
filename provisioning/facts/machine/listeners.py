"""Programs that listen on TCP ports, as ss(8) prints them, and what started them. Pure."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from ...resources.base import Observation
from ..fact import Fact

# Whose sockets they are is a look at every process, so it is not asked where there are none.
_FRAGMENT = """\
listening=$(ss -Hlnt '( %s )') || exit 1
[ -z "$listening" ] || ss -Hlntp '( %s )' | while IFS= read -r line; do
    pid=$(echo "$line" | sed -n 's/.*pid=\\([0-9]*\\).*/\\1/p')
    unit=
    [ -z "$pid" ] || unit=$(sed -n 's|^0::.*/||p; s|^.*:name=systemd:.*/||p' \\
        "/proc/$pid/cgroup" 2>/dev/null | head -n 1)
    folder=
    [ -z "$pid" ] || folder=$(readlink "/proc/$pid/cwd" 2>/dev/null) || :
    run=
    [ -z "$pid" ] || run=$(tr '\\0\\n\\t' '   ' < "/proc/$pid/cmdline" 2>/dev/null) || :
    printf '%%s\\t%%s\\t%%s\\t%%s\\n' "$line" "$unit" "$folder" "$run"
done"""


@dataclass(frozen=True, slots=True)
class Listener:
    """One socket."""

    address: str
    """``0.0.0.0``, ``*`` and ``::`` are all addresses."""
    port: int
    program: str
    """Empty where it is the kernel's."""
    unit: str
    """The last part of its control group: under systemd, its service."""
    folder: str
    """It works in."""
    command: str


def listeners(ports: Collection[int]) -> Fact[tuple[Listener, ...]]:
    """Those on these ports."""
    wanted = " or ".join(f"sport = :{port}" for port in sorted(ports))
    return Fact("listeners", _FRAGMENT % (wanted, wanted), _listeners)


def _listeners(found: Observation) -> tuple[Listener, ...]:
    sockets = []
    for row in found.stdout.splitlines():
        line, unit, folder, command = (*row.split("\t"), "", "", "")[:4]
        words = line.split()
        if len(words) < 4 or not (place := re.fullmatch(r"(.*):(\d+)", words[3])):
            continue
        program = re.search(r'users:\(\("([^"]+)"', line)
        address = place[1].strip("[]").partition("%")[0]
        name = program[1] if program else ""
        sockets.append(Listener(address, int(place[2]), name, unit, folder, command.strip()))
    return tuple(sockets)
