"""The script by which a run holds a host for as long as it lasts. Pure.

It takes an flock on the host and then answers line by line. It ends, and its lock with it, at the
end of its input (the control machine closed the connection, or its kernel did, as after a kill -9),
and when nothing was said for ``PATIENCE`` seconds by the host's own clock: a control machine that
lost its power or its network says nothing, and its connection may look open for hours.

While it sits, the run has the host keep the cluster's record through it: one line, no round trip
of its own.
"""

import gzip
import shlex
import zlib
from base64 import b64decode, b64encode
from dataclasses import dataclass

from ..places import STATE
from .script import PATH

RUN_LOCK = "/run/cosyvoice-cluster.lock"
"""On a tmpfs: a reboot ends every run that held the host. It lies outside of the state's folder,
which goes away with ``cluster destroy`` while a run holds the lock."""
RECORD = f"{STATE}/cluster.json"
"""The file of what the cluster remembers of itself."""
PATIENCE = 90
"""Seconds of silence after which the host takes the run for dead."""
BEAT, BYE = ".", "!"


@dataclass(frozen=True, slots=True)
class Seated:
    """The first answer."""

    taken: bool
    """True where another run has the host."""
    holder: str = ""
    """The one who has it."""
    record: str = ""
    """The host's memory of the cluster; empty where there is none."""


def seat_script(holder: str) -> str:
    """Says ``taken WHO`` and ends, or ``seated RECORD`` and stays."""
    lock, record, state = shlex.quote(RUN_LOCK), shlex.quote(RECORD), shlex.quote(STATE)
    return (
        f"LC_ALL=C; PATH={PATH}; export LC_ALL PATH; umask 077\n"
        f"exec 8>>{lock} || exit 1\n"
        f"if ! flock -n 8; then printf 'taken '; head -n 1 {lock}; echo; exit 0; fi\n"
        f"printf '%s\\n' {shlex.quote(' '.join(holder.split()))} > {lock}\n"
        "keep() {\n"
        f"    [ -d {state} ] || mkdir -p -m 0700 {state} || return 1\n"
        # gzip(1) makes a file of a whole record only: it has a checksum.
        f'    printf %s "$1" | base64 -d | gzip -dc > {record}.new && sync {record}.new '
        f"&& mv -fT {record}.new {record} && sync {state}\n"
        "}\n"
        f"forget() {{ rm -f {record} && {{ rmdir {state} 2>/dev/null || :; }}; }}\n"
        f"{{ printf 'seated '; [ ! -f {record} ] || gzip -c {record} | base64 -w 0; echo; }} 8>&-\n"
        # --foreground: a sudo with a pty of its own would stop what reads in the background.
        f"while line=$(timeout --foreground {PATIENCE} head -n 1 8>&-); do\n"
        '    case $line in\n    "") break ;;\n'
        f"    {shlex.quote(BYE)}*) said=bye\n"
        '        [ "${#line}" -eq 1 ] || { keep "${line#?}" 8>&- 2>/dev/null && said=kept; }\n'
        f"        : > {lock}; exec 8>&-; echo $said; exit 0 ;;\n"
        f"    =) forget && echo kept || echo no ;;\n"
        '    =*) if said=$(keep "${line#=}" 2>&1 8>&-); then echo kept\n'
        f'        else echo "$said" | tr "\\n" " "; echo; fi ;;\n'
        "    *) echo here ;;\n    esac\ndone"
    )


def record_script() -> str:
    """Fragment that prints the record of a host that is only looked at."""
    return f"[ ! -f {shlex.quote(RECORD)} ] || cat {shlex.quote(RECORD)}"


def holder_script() -> str:
    """Fragment that prints the run that holds a host which is only looked at; nothing where none
    does."""
    lock = shlex.quote(RUN_LOCK)
    return f"[ ! -f {lock} ] || flock -ns {lock} true || head -n 1 {lock}"


def parse_seated(line: str) -> Seated | None:
    """The first answer; nothing where it is none."""
    word, _, rest = line.partition(" ")
    if word == "taken":
        return Seated(True, rest.strip())
    if word == "seated":
        return Seated(False, record=_unpacked(rest))
    return None


def keep_line(record: str) -> str:
    """Has the host remember the record, or forget it where it is empty; answered by ``kept``."""
    return f"={_packed(record)}"


def bye_line(record: str = "") -> str:
    """Has the host let the run go, with a last record to remember if there is one; answered by
    ``kept`` where it does, else by ``bye``."""
    return f"{BYE}{_packed(record)}"


def _packed(record: str) -> str:
    packed = gzip.compress(record.encode("utf-8", "surrogatepass"), mtime=0) if record else b""
    return b64encode(packed).decode()


def _unpacked(said: str) -> str:
    try:
        packed = b64decode(said)
        text = gzip.decompress(packed) if packed else b""
    except (ValueError, OSError, EOFError, zlib.error):
        # What a host says in other words is no record; whoever reads it says so.
        return said
    return text.decode("utf-8", "replace")
