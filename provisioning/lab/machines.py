"""One machine, one process: writing its folder, the command that starts it."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from . import network, processes
from .cgroups import group
from .commands import run
from .errors import LabError
from .machine_files import File
from .topology import Kernel, Node, kinds

UML = "linux.uml"
DISK = "disk"
"""Name in a bare machine's folder of a link to the folder with what it has written to its disk."""
IMAGE = "image"
"""Name there of a link to the file that its disk began as."""


def write(folder: Path, files: Mapping[str, File]) -> None:
    """Make a machine's folder anew with these files in it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    for name, file in files.items():
        path = folder / name
        _make_way(path.parent)
        if file.text is None:
            path.mkdir(exist_ok=True)
        else:
            path.touch(mode=0o600)
            path.write_text(file.text, "utf-8")
        path.chmod(file.mode)
        os.chown(path, file.owner, file.owner)


def _make_way(folder: Path) -> None:
    """Make missing folders with the mode they shall have on the machine, whatever the umask."""
    if not folder.exists():
        _make_way(folder.parent)
        folder.mkdir()
        folder.chmod(0o755)


def command(lab: str, node: Node, folder: Path) -> list[str]:
    """Return the command that runs a machine. Pure.

    The PID namespace is what makes a machine end as one: a UML kernel keeps each of its processes
    in a process of the host, and those would go on running without it.
    """
    apart = ["ip", "netns", "exec", network.namespace(lab, node)]
    apart += ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
    nice = ["nice", "-n", str(_niceness(node))]
    power = ["sh", f"{folder}/power"] if node.debian else []
    if node.shares_kernel:
        apart += ["--uts", "--ipc", "--mount-proc"]
        start = ["sh", f"{folder}/launch", str(folder), str(group(lab, node.name))]
        return [*nice, *power, *apart, *start]
    if node.kernel is Kernel.NAMESPACE:
        return [*apart, "--uts", "--mount-proc", "sh", f"{folder}/init", str(folder)]
    # Through sh: /run, where the folder is, is often mounted noexec.
    launch = ["sh", f"{folder}/launch", str(folder), str(node.memory)]
    return [*nice, *power, *apart, *launch, *uml_command(node, folder)]


def _niceness(node: Node) -> int:
    return next(kind.niceness for kind in kinds().values() if kind.kind == node.role)


def uml_command(node: Node, folder: Path) -> list[str]:
    """A UML kernel with its switch port as its network, and as its root the host's files or, if it
    is bare, its disk."""
    bare = node.debian is not None
    return [
        UML,
        f"mem={node.memory}M",
        *(_disk(folder) if bare else ["rootfstype=hostfs", "ro", f"init={folder}/init"]),
        # Its control socket goes here instead of to ~/.uml.
        f"uml_dir={folder}/memory",
        "umid=kernel",
        "con=null",
        "con0=null,fd:1",
        "quiet",
        # Without gro=1 its receive buffers are too small for the segments of up to 64 KiB that the
        # host hands it, and it drops them: uploads then crawl at the pace of retransmission.
        f"vec0:transport=tap,ifname={node.name},depth=128,gro=1,mac={node.mac}",
        "--",
        f"{folder}/seed" if bare else str(folder),
    ]


def _disk(folder: Path) -> list[str]:
    """The kernel's words for a disk: what the machine has written lies in one file, the image that
    it started from in another."""
    files = f"{folder}/{DISK}/changes,{folder}/{IMAGE}"
    return [f"ubd0={files}", "root=/dev/ubda", "rw", "init=/usr/local/sbin/lab-init"]


def start(lab: str, node: Node, folder: Path) -> None:
    """Boot a machine; it is on its own from here."""
    processes.start(command(lab, node, folder), lab, node.name, folder / "console.log")


def require_running(lab: str, node: Node, console: Path) -> None:
    """Raise LabError with the end of the console if the machine's process is not there."""
    if not processes.of_part(lab, node.name):
        tail = console.read_text(errors="replace").splitlines()[-15:]
        said = "\n  ".join(tail) or "nothing"
        raise LabError(f"{node.name} ended instead of booting. The end of its console:\n  {said}")


def uml_version() -> str:
    """The version of the kernel that UML machines run."""
    return run([UML, "--version"]).strip()
