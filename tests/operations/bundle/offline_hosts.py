"""Debians with nothing on them, in folders of this machine, and a network that leads nowhere else.

Each host has processes, mounts and a network of its own; an sshd of this machine lets root in,
into its folder. All of it ends with the block.
"""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_NETWORK = """\
set -eu
mkdir -p /run/netns
mount -t tmpfs none /run/netns
ip link set lo up
ip link add br0 type bridge
ip address add 10.99.0.1/24 dev br0
ip link set br0 up
"""
_HOST = """\
ip netns add {name}
ip link add {name} type veth peer name veth0 netns {name}
ip link set {name} master br0 up
ip -n {name} link set lo up
ip -n {name} address add {address}/24 dev veth0
ip -n {name} link set veth0 up
ip netns exec {name} unshare --pid --fork --kill-child --mount --propagation private sh -eu -c '
mount --bind {root} /mnt
mount -t proc proc /mnt/proc
mount -t sysfs sysfs /mnt/sys
mkdir -p /run/sshd
exec /usr/sbin/sshd -D -e -f {root}.sshd' > {root}.log 2>&1 &
"""
_SSHD = """\
ListenAddress {address}
HostKey {root}.key
AuthorizedKeysFile {folder}/key.pub
ChrootDirectory /mnt
StrictModes no
UsePAM no
PidFile none
"""


@dataclass(frozen=True)
class OfflineHosts:
    """The hosts, and this machine's place beside them."""

    folder: Path
    holder: int

    def root(self, name: str) -> Path:
        """Folder of a host's files."""
        return self.folder / name

    def cluster(self, *words: str, timeout: float = 900) -> subprocess.CompletedProcess[str]:
        """``cluster WORDS`` where nothing but the hosts can be reached."""
        namespaces = ["nsenter", "-t", str(self.holder), "--net", "--mount"]
        done = subprocess.run(
            [*namespaces, f"--wdns={Path.cwd()}", sys.executable, "-m", "provisioning", *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        print(f"$ cluster {' '.join(words)}\n{done.stdout}{done.stderr}[{done.returncode}]")
        return done

    def on(self, name: str, command: str) -> str:
        """Output of a root shell on a host; the command must succeed."""
        namespaces = ["nsenter", "-t", str(self.holder), "--net", "--mount"]
        inside = ["ip", "netns", "exec", name, "chroot", str(self.root(name)), "sh", "-c", command]
        return subprocess.run(
            [*namespaces, *inside], capture_output=True, text=True, check=True
        ).stdout


def debian(codename: str, folder: Path) -> Path:
    """The least that a deploy is for, fetched by debootstrap."""
    root = folder / codename
    done = subprocess.run(
        [
            "debootstrap",
            "--variant=minbase",
            "--include=iproute2,procps",
            codename,
            str(root),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-500:]
    return root


@contextmanager
def offline_hosts(folder: Path, hosts: Mapping[str, tuple[str, Path]]) -> Iterator[OfflineHosts]:
    """Hosts by name, each with an address of 10.99.0.0/24 and the Debian that it is a copy of."""
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "key"], check=True
    )
    lines = [_NETWORK]
    for name, (address, debian_root) in hosts.items():
        root = folder / name
        subprocess.run(["cp", "-a", str(debian_root), str(root)], check=True)
        (root / "etc/apt/sources.list").write_text("")
        (root / "etc/hostname").write_text(f"{name}\n")
        key = Path(f"{root}.key")
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
        values = {"name": name, "address": address, "root": root, "folder": folder}
        Path(f"{root}.sshd").write_text(_SSHD.format(**values))
        lines.append(_HOST.format(**values))
    lines.append("echo ready\nread -r _\n")
    command = ["unshare", "--net", "--mount", "--propagation", "private"]
    holder = subprocess.Popen(
        [*command, "sh", "-c", "".join(lines)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        process_group=0,
    )
    try:
        assert holder.stdout is not None and holder.stdout.readline() == "ready\n"
        yield OfflineHosts(folder, holder.pid)
    finally:
        os.killpg(holder.pid, signal.SIGTERM)
        holder.wait()
        for name in hosts:
            print(f"--- {name}\n{Path(f'{folder / name}.log').read_text()[-500:]}")
            shutil.rmtree(folder / name, ignore_errors=True)
