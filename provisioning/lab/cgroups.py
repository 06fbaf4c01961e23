"""Control groups of bare machines that share the computer's kernel (cgroups(7), version 2)."""

import subprocess
from pathlib import PurePosixPath

_ALL = PurePosixPath("cosyvoice-lab")
_REMOVE = """\
mount -t cgroup2 none /mnt && cd "/mnt/$1" 2> /dev/null || exit 0
find . -mindepth 1 -depth -type d -exec rmdir {} +
cd /mnt && rmdir -p -- "$1" 2> /dev/null || :
"""


def group(lab: str, node: str) -> PurePosixPath:
    """The machine's group below the root of the hierarchy. Pure."""
    return _ALL / lab / node


def remove(lab: str) -> None:
    """Remove the groups of a lab whose processes have ended; there may be none."""
    command = ["unshare", "--mount", "sh", "-c", _REMOVE, "sh", str(_ALL / lab)]
    subprocess.run(command, check=False, capture_output=True)
