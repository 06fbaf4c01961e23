"""Rights that a unit leaves to a root program of ours, where systemd does not run."""

import subprocess
from collections.abc import Iterator

from tests.roles.rendered import files

_READ_ONLY = """
mount --bind / /; cd /; mount -o remount,ro,bind /
for place; do
    shift
    [ "$place" != -- ] || break
    mount --bind "$place" "$place"; mount -o remount,rw,bind "$place"
done
exec chroot / "$@"
"""


def settings(place: str, key: str) -> list[str]:
    """The words of a setting in a unit that some host of an inventory gets."""
    return " ".join(_lines(place, key)).split()


def _lines(place: str, key: str) -> list[str]:
    case, _, path = place.partition("/")
    lines = files(case)[path].content.splitlines()
    return [line.partition("=")[2] for line in lines if line.startswith(f"{key}=")]


def confined(place: str, *writable: str) -> list[str]:
    """Runs what follows with the unit's capabilities, and the file system but for its places, and
    these, read only (systemd.exec(5))."""
    names = settings(place, "CapabilityBoundingSet")
    kept = [f"+{name.removeprefix('CAP_').lower()}" for name in names]
    places = [*settings(place, "ReadWritePaths"), *writable]
    assert kept and places and settings(place, "ProtectSystem") == ["strict"]
    return [
        *("unshare", "--mount", "sh", "-ec", _READ_ONLY, "sh", *places, "--"),
        *("setpriv", "--no-new-privs", f"--bounding-set=-all,{','.join(kept)}", "--inh-caps=-all"),
    ]


def filtered(place: str) -> list[str]:
    """Runs what follows without the system calls that the unit takes away (SystemCallFilter=~)."""
    refused: set[str] = set()
    for line in _lines(place, "SystemCallFilter"):
        calls = {call for name in line.removeprefix("~").split() for call in _calls(name)}
        refused = refused | calls if line.startswith("~") else refused - calls
    assert refused and _lines(place, "SystemCallErrorNumber") == ["EPERM"]
    # Those of other processors are passed over.
    names = ",".join(f"?{call}" for call in sorted(refused))
    quiet = ["strace", "-f", "-qqq", "-o", "/dev/null"]
    return [*quiet, "--seccomp-bpf", "-e", f"trace={names}", "-e", f"inject={names}:error=EPERM"]


def _calls(name: str) -> Iterator[str]:
    """System calls of a set, which may have others in it (systemd-analyze(1), syscall-filter)."""
    if not name.startswith("@"):
        yield name
        return
    command = ["systemd-analyze", "--no-pager", "syscall-filter", name]
    for line in subprocess.check_output(command, text=True).splitlines()[1:]:
        if (word := line.strip()) and not word.startswith("#"):
            yield from _calls(word)
