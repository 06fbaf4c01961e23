"""Time that a file server takes for a small file, which is written, kept and removed. Pure."""

import shlex
from dataclasses import dataclass

from ..resources.base import Observation
from .fact import Fact

MEBIBYTE = 2**20
_FRAGMENT = """\
awk -v wanted={mount} '$5 == wanted {{ found = 1 }} END {{ exit !found }}' /proc/self/mountinfo ||
    exit 0
id -u {user} > /dev/null 2>&1 || exit 0
began=$(date +%s%N)
timeout -s KILL {patience} setpriv --reuid {user} --regid "$(id -g {user})" --init-groups -- \\
    sh -euc {script} > /dev/null 2>&1 || status=$?
echo "${{status:-0}} $began $(date +%s%N)"
"""
# Without the word of the server that it is kept, a write says nothing of it. The file has no name
# by then, so that it goes with its process, however that ends.
_WRITE = (
    'cd {folder}; own=.cluster-doctor-$(uname -n); exec 3> "$own"; rm -f -- "$own";'
    " dd if=/dev/zero bs=65536 count=16 conv=fsync >&3; exec 3>&-"
)
_KILLED = 128 + 9


@dataclass(frozen=True, slots=True)
class ShareSpeed:
    """One file of a mebibyte."""

    seconds: float
    """Until the server said that it keeps it, and it was removed."""
    answers: bool
    """False where it did not answer in time."""


def share_speed(folder: str, user: str, *, patience: int) -> Fact[ShareSpeed | None]:
    """Speed of a mount for a user, who gets ``patience`` seconds; nothing where nothing is mounted
    there, there is no such user yet, or the file cannot be written."""
    script = _WRITE.format(folder=shlex.quote(folder))
    fragment = _FRAGMENT.format(
        # As the kernel writes it; awk takes one backslash of two away.
        mount=shlex.quote(folder.replace(" ", r"\\040")),
        user=shlex.quote(user),
        patience=patience,
        script=shlex.quote(script),
    )
    return Fact("share_speed", fragment, _parse)


def _parse(found: Observation) -> ShareSpeed | None:
    words = found.stdout.split()
    if len(words) != 3 or not all(word.isdecimal() for word in words):
        return None
    status, began, ended = map(int, words)
    if status not in (0, _KILLED):
        return None
    return ShareSpeed((ended - began) / 1e9, status == 0)
