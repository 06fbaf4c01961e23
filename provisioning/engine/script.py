"""Joins fragments into the two scripts of a host: one that looks, one that changes. Pure.

Framing: after each fragment the script prints a line with a random token, the fragment's key and
its status to standard output and standard error alike. Content that happens to look like a frame
cannot know the token. Everything stands inside one function that is called on the last line, so
a script that was cut off in transfer is a syntax error and runs nothing.
"""

import secrets
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from .. import resources as kinds
from ..places import STATE

LOCKED = 75
"""Exit status of an apply script that found the host's lock taken (sysexits.h EX_TEMPFAIL)."""

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


_TOPICS = (
    "records",
    "files",
    "sysctl",
    "addresses",
    "modules",
    "packages",
    "mounts",
    "exports",
    "firewall",
    "accounts",
    "artifacts",
    "releases",
    "supervisor",
    "systemd",
)


@cache
def prelude() -> str:
    """The shell functions that resources rely on, a file a topic."""
    folder = resources.files(kinds) / "shell"
    return "\n".join((folder / f"{topic}.sh").read_text(encoding="utf-8") for topic in _TOPICS)


def token() -> str:
    """A frame marker no host can foresee."""
    return f"@{secrets.token_hex(12)}@"


def wrap(body: str, marker: str, *, run_id: str = "none") -> str:
    """The script around a body: environment, prelude, and the guard against a cut transfer.

    ``marker`` is not exported: the programs that it starts do not know it.
    """
    return (
        f"LC_ALL=C; PATH={PATH}; STATE={STATE}; RUN_DIR=$STATE/runs/{shlex.quote(run_id)}\n"
        "export LC_ALL PATH STATE RUN_DIR\n"
        f"MARKER='{marker}'\n"
        "cluster_main() {\n"
        f"{prelude()}\n{body}\n"
        "}\n"
        "cluster_main\n"
    )


def _frame(marker: str, key: str, status: str) -> str:
    text = f"'\\n%s %s %s\\n' '{marker}' {shlex.quote(key)} {status}"
    return f"printf {text}; printf {text} >&2"


def observe_script(fragments: Mapping[str, str], marker: str) -> str:
    """Runs every fragment, whatever the others do. Keys must not hold blanks or newlines."""
    lines = []
    for key, fragment in fragments.items():
        lines.append(f"( set -eu\n{fragment}\n) </dev/null\n{_frame(marker, key, '$?')}")
    return wrap("\n".join(lines), marker)


@dataclass(frozen=True, slots=True)
class Step:
    """One change as the apply script knows it."""

    apply: str
    undo: str
    pending: tuple[tuple[str, str], ...] = ()
    """Name and command of the handlers that this step makes necessary."""


@dataclass(frozen=True, slots=True)
class StoredFragment:
    """A script kept on a host: the removal of a managed resource, or a handler yet to run."""

    id: str
    """Of the resource, or name of the handler."""
    script: str


def _tabbed(id: str, text: str) -> str:
    return "\n".join([id, *(f"\t{line}" for line in text.splitlines())])


def _manifest(entries: Iterable[StoredFragment]) -> str:
    """Fragment that writes the manifest: an ``id`` line, then the fragment, each line tabbed."""
    delimiter = f"MANIFEST_{secrets.token_hex(8)}"
    body = "\n".join(_tabbed(entry.id, entry.script) for entry in entries)
    return (
        f"cat > \"$STATE/manifest.new\" <<'{delimiter}' && "
        f'mv -f "$STATE/manifest.new" "$STATE/manifest"\n{body}\n{delimiter}'
    )


def parse_stored(text: str) -> list[StoredFragment]:
    """The fragments in a manifest or in pending handlers' files, in the order of the text."""
    entries: list[StoredFragment] = []
    for line in text.splitlines():
        if line.startswith("\t") and entries:
            last = entries[-1]
            entries[-1] = StoredFragment(last.id, f"{last.script}{line[1:]}\n")
        elif line.strip():
            entries.append(StoredFragment(line, ""))
    return entries


def pending_key(handler: str) -> str:
    """File name under ``$STATE/pending`` for a handler's name."""
    return "".join(c if c.isalnum() or c in "-_." else "_" for c in handler)


def apply_script(
    steps: list[Step],
    handlers: list[tuple[str, str]],
    *,
    run_id: str,
    holder: str,
    manifest_during: Iterable[StoredFragment],
    manifest_after: Iterable[StoredFragment],
    marker: str,
    partial: bool = False,
) -> str:
    """Makes all changes of a host, or takes back those made when one fails.

    Frames: ``begin N`` and ``N STATUS`` for each step, ``h.N`` for handlers, ``u.N`` for undone
    steps, ``end`` with 0 when all went well. The control machine may go away at any time: the
    script ignores SIGHUP and SIGPIPE and goes on to one of its two ends. The lock is an flock,
    so a killed script leaves none behind; the holder's name beside it is for people.
    """
    lines = [
        "trap '' HUP PIPE",
        "umask 022",
        '[ -d "$STATE" ] || mkdir -p -m 0700 "$STATE" || return 1',
        'exec 9>>"$STATE/lock" || return 1',
        f'flock -n 9 || {{ cat "$STATE/holder" 2>/dev/null; exit {LOCKED}; }}',
        f'printf %s\\\\n {shlex.quote(holder)} > "$STATE/holder"',
        'rm -rf "$RUN_DIR" && mkdir -p -m 0700 "$RUN_DIR" "$STATE/pending" || return 1',
        f": > {shlex.quote(f'{STATE}/unfinished')}",
    ]
    lines += [_manifest(manifest_during), '[ "$?" -eq 0 ] || return 1']
    for number, step in enumerate(steps):
        lines += [
            f"apply_{number}() {{ :",
            step.apply,
            "}",
            f"undo_{number}() {{ :",
            step.undo,
            "}",
        ]
    for number, (_, command) in enumerate(handlers):
        lines += [f"handler_{number}() {{ :", command, "}"]
    lines += [
        "back_out() {",
        "i=$1",
        'while [ "$i" -ge 0 ]; do',
        '( set -eu; "undo_$i" ) </dev/null 9>&-',
        f"s=$?; {_frame_var(marker, 'u.$i', '$s')}",
        "i=$((i - 1))",
        "done",
        # What a handler made a service take up must be taken up again as it was before.
        'i=0; while [ "$i" -lt "$ran" ]; do',
        '( set -eu; "handler_$i" ) </dev/null 9>&-',
        f"s=$?; {_frame_var(marker, 'uh.$i', '$s')}",
        "i=$((i + 1))",
        "done",
        'rm -f "$STATE/unfinished" "$STATE/holder"',
        "}",
        "ran=0",
        f"last={len(steps) - 1}",
    ]
    for number, step in enumerate(steps):
        lines.append(_frame(marker, f"begin.{number}", "0"))
        for name, command in step.pending:
            path = shlex.quote(f"{STATE}/pending/{pending_key(name)}")
            lines.append(f"printf '%s\\n' {shlex.quote(_tabbed(name, command))} > {path}")
        lines += [
            f"( set -eu; apply_{number} ) </dev/null 9>&-",
            f"s=$?; {_frame(marker, str(number), '$s')}",
            f'[ "$s" -eq 0 ] || {{ back_out {number}; return 1; }}',
        ]
    for number in range(len(handlers)):
        lines += [
            _frame(marker, f"hbegin.{number}", "0"),
            f"ran={number + 1}",
            f"( set -eu; handler_{number} ) </dev/null 9>&-",
            f"s=$?; {_frame(marker, f'h.{number}', '$s')}",
            '[ "$s" -eq 0 ] || { back_out "$last"; return 1; }',
        ]
    lines += [
        "( set -eu",
        *_conclusion(tuple(manifest_after), [name for name, _ in handlers] if partial else None),
        ") </dev/null",
        f"s=$?; {_frame(marker, 'end', '$s')}",
        'return "$s"',
    ]
    return wrap("\n".join(lines), marker, run_id=run_id)


def _conclusion(
    manifest_after: tuple[StoredFragment, ...], taken_up: list[str] | None
) -> list[str]:
    """``taken_up`` names the handlers that ran, where others may be left to run."""
    if not manifest_after:
        # Nothing is managed here any more, so nothing of ours stays.
        return ['cd / && rm -rf "$STATE"']
    return [
        _manifest(manifest_after),
        'rm -rf "$STATE/pending"' if taken_up is None else _forget_pending(taken_up),
        'rm -f "$STATE/unfinished" "$STATE/holder"',
        # The previous contents of the last runs stay for rollback; older ones go.
        'cd "$STATE/runs" && ls -1t | tail -n +6 | while IFS= read -r old; do '
        'rm -rf "./$old"; done',
    ]


def _forget_pending(names: list[str]) -> str:
    paths = (f"{STATE}/pending/{pending_key(name)}" for name in names)
    return " ".join(["rm -f --", *map(shlex.quote, paths)])


def _frame_var(marker: str, key: str, status: str) -> str:
    text = f"'\\n%s %s %s\\n' '{marker}' \"{key}\" {status}"
    return f"printf {text}; printf {text} >&2"
