"""The things the host must have before a lab can be made, checked all at once."""

import os
import platform
import shutil
from dataclasses import dataclass
from pathlib import Path

from .commands import SEARCH_PATH
from .errors import LabError

TUN = Path("/dev/net/tun")


@dataclass(frozen=True)
class Requirement:
    """A program, or a file by its absolute path, and the Debian package it comes with."""

    file: str
    package: str


FOR_THE_LAB = (
    Requirement("linux.uml", "user-mode-linux"),
    Requirement("/usr/lib/uml/modules", "user-mode-linux"),
    Requirement("ip", "iproute2"),
    Requirement("nft", "nftables"),
    Requirement("openssl", "openssl"),
    Requirement("ssh", "openssh-client"),
    Requirement("sysctl", "procps"),
    Requirement("unshare", "util-linux"),
)
"""The programs that `cluster lab` itself runs."""

FOR_THE_MACHINES = (
    Requirement("modprobe", "kmod"),
    Requirement("sshd", "openssh-server"),
    Requirement("sudo", "sudo"),
    Requirement("hostname", "hostname"),
    Requirement("keepalived", "keepalived"),
    Requirement("ipvsadm", "ipvsadm"),
    Requirement("arping", "iputils-arping"),
    Requirement("exportfs", "nfs-kernel-server"),
    Requirement("mount.nfs4", "nfs-common"),
    Requirement("rpcbind", "rpcbind"),
    Requirement("supervisord", "supervisor"),
)
"""The needs of a deployed machine: machines have no way to the internet, but the host's files."""

FOR_BARE_MACHINES = (
    Requirement("debootstrap", "debootstrap"),
    Requirement("mkfs.ext4", "e2fsprogs"),
    Requirement("depmod", "kmod"),
    Requirement("nginx", "nginx-light"),
    Requirement("sshd", "openssh-server"),
    Requirement("sudo", "sudo"),
    Requirement("hostname", "hostname"),
)
"""Programs that make bare machines and bring them packages; the last three are for the client."""


def check(bare: bool = False) -> None:
    """Raise LabError naming everything that is missing and how to get it."""
    require_linux()
    require_root()
    needs = (*FOR_THE_LAB, *(FOR_BARE_MACHINES if bare else FOR_THE_MACHINES))
    packages = sorted({need.package for need in needs if _lacks(need)})
    if packages:
        raise LabError(
            f"The lab needs Debian packages that are missing: {', '.join(packages)}.\n"
            f"Install them: sudo apt-get install --no-install-recommends {' '.join(packages)}"
        )
    _require_tun()


def require_linux() -> None:
    """Raise LabError on any other system."""
    if platform.system() != "Linux":
        raise LabError(
            f"The lab runs Linux kernels and namespaces, which {platform.system()} does not have."
            " Use a Linux machine, or a virtual one."
        )


def require_root() -> None:
    """Raise LabError for anyone else."""
    if os.geteuid() != 0:
        raise LabError(
            "The lab makes network namespaces and taps, which takes root: run this with sudo."
        )


def ipvs_on_host() -> bool:
    """Tell whether the host's own kernel has IPVS loaded."""
    return Path("/proc/net/ip_vs").exists()


def memory_note(needed: int) -> str | None:
    """A warning if machines that may come to use ``needed`` MiB could fill the host's memory."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    available = next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable:"))
    if needed <= available // 1024:
        return None
    return (
        f"the machines may come to use {needed} MiB, and {available // 1024} MiB are free; smaller"
        " ones: see --real-servers and --real-server-memory"
    )


def _lacks(need: Requirement) -> bool:
    if need.file.startswith("/"):
        return not Path(need.file).exists()
    return shutil.which(need.file, path=SEARCH_PATH) is None


def _require_tun() -> None:
    try:
        os.close(os.open(TUN, os.O_RDWR))
    except OSError as error:
        raise LabError(
            f"The lab's machines need {TUN} for their network, and it cannot be opened"
            f" ({error.strerror}). On a host: sudo modprobe tun. For a container: start it with"
            f" --privileged --device {TUN}."
        ) from error
