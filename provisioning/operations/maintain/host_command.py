"""The command on a host: begun once at most, whoever is cut, and read as it goes on. Pure.

It runs in a session of its own, so the connection that began it may end, and holds the host's lock,
so that no deploy changes the host meanwhile. A folder of root's has what it is, what it says, and
its end. That it was begun is on the disk before it begins: after a power cut it is known to have
been cut, and is never taken for one that was not begun.
"""

import base64
import binascii
import shlex
from dataclasses import dataclass
from typing import Literal

from ...places import STATE
from ...resources.base import Observation
from .work import Work

_FOLDER = f"{STATE}/maintain"
_AT_ONCE = 65536
"""Bytes of output in one look."""
_KEPT = 10
"""Folders of earlier commands that stay on a host."""
_LOCK_PATIENCE = 300
"""Seconds for which the command waits for a change of the host that is under way."""
CommandState = Literal["absent", "running", "ended", "cut"]

_MAIN = f"""
d=$1
echo $$ > "$d/pid"
cd /
exec 8>>"$STATE/lock"
s=75
if flock -w {_LOCK_PATIENCE} 8; then
    printf '%s\\n' "$2" > "$STATE/holder"
    (
        unset STATE RUN_DIR
        export LC_ALL=C.UTF-8 HOME=/root DEBIAN_FRONTEND=noninteractive
        for program in "$d"/program.*; do
            if [ "$(head -c 2 "$program")" = '#!' ]; then "$program"; else sh "$program"; fi || exit
        done
    ) > "$d/output" 2>&1 < /dev/null 8>&-
    s=$?
    rm -f "$STATE/holder"
else
    echo "another change of this host was under way: $(cat "$STATE/holder")" > "$d/output"
fi
echo "$s" > "$d/status.new"
sync "$d/status.new" "$d/output"
mv "$d/status.new" "$d/status"
sync "$d"
"""


@dataclass(frozen=True, slots=True)
class CommandSeen:
    """A look at a command."""

    state: CommandState
    status: int | None
    """Exit status, of one that ended."""
    output: bytes
    """Output after the place that was asked for."""


def command_key(id: str, attempt: int) -> str:
    """Key of the command of a maintenance on a host: another one for every attempt."""
    return f"{id}-{attempt}"


def folder_of(key: str) -> str:
    """Folder on the host of the command of that key."""
    return f"{_FOLDER}/{key}"


def begin(key: str, work: Work, holder: str) -> str:
    """Build the fragment that begins the command, and does nothing where it was begun before."""
    folder = shlex.quote(folder_of(key))
    programs = [
        f'{_written(f"program.{number}", text)}\nchmod 0700 "$d/program.{number}"'
        for number, text in enumerate(work.commands)
    ]
    return "\n".join(
        [
            "umask 077",
            f"d={folder}",
            '[ ! -e "$d/begun" ] || exit 0',
            '[ -d "$STATE" ] || mkdir -p -m 0700 "$STATE"',
            'mkdir -p "$d"',
            *programs,
            _written("main", _MAIN),
            ': > "$d/output"',
            'cat /proc/sys/kernel/random/boot_id > "$d/begun"',
            'sync "$d"/program.* "$d/begun" "$d" "$d/.."',
            f'setsid sh "$d/main" "$d" {shlex.quote(holder)} </dev/null >/dev/null 2>&1 &',
            'left=100; while [ ! -s "$d/pid" ] && [ "$left" -gt 0 ]; do',
            "    left=$((left - 1)); sleep 0.1",
            "done",
            f"cd {shlex.quote(_FOLDER)}",
            f'ls -1t | tail -n +{_KEPT + 1} | while IFS= read -r old; do rm -rf "./$old"; done',
        ]
    )


def look(key: str, offset: int) -> str:
    """Build the fragment that tells how the command is, with its output from ``offset`` bytes."""
    return "\n".join(
        [
            f"d={shlex.quote(folder_of(key))}",
            '[ -e "$d/begun" ] || { echo absent; exit 0; }',
            # In this order: one that ends in between has written its status by then.
            "runs=no",
            'if [ "$(cat "$d/begun")" = "$(cat /proc/sys/kernel/random/boot_id)" ]; then',
            '    pid=$(cat "$d/pid" 2>/dev/null) || pid=',
            "    if [ -n \"$pid\" ] && tr '\\0' ' ' 2>/dev/null < \"/proc/$pid/cmdline\" "
            '| grep -qF "$d"; then runs=yes; fi',
            "fi",
            'if [ -e "$d/status" ]; then echo "ended $(cat "$d/status")"',
            'elif [ "$runs" = yes ]; then echo running',
            "else echo cut; fi",
            f'tail -c +{offset + 1} "$d/output" | head -c {_AT_ONCE} | base64',
        ]
    )


def parse_look(found: Observation) -> CommandSeen:
    """Parse the answer of ``look``. Raises ``ValueError``."""
    first, _, rest = found.stdout.partition("\n")
    words = first.split()
    try:
        output = base64.b64decode("".join(rest.split()), validate=True)
    except binascii.Error:
        raise ValueError(f"no output of a command: {rest[:80]!r}") from None
    match words:
        case ["absent" | "running" | "cut" as state]:
            return CommandSeen(state, None, output)
        case ["ended", status] if status.isdecimal():
            return CommandSeen("ended", int(status), output)
    said = (found.stderr or first).strip()[-300:]
    raise ValueError(f"the command's state cannot be read: {said or 'no answer'}")


def _written(name: str, text: str) -> str:
    """Fragment that writes a file of the command's folder; a process list shows its name alone."""
    encoded = base64.b64encode(text.encode()).decode()
    return f'printf %s {shlex.quote(encoded)} | base64 -d > "$d/{name}"'
