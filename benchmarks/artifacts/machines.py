"""Machines of namespaces on one switch, each with an sshd and a link of its own bandwidth."""

import contextlib
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

DIRECTORY = "/opt/cosyvoice"
"""Each machine has a folder of its own there."""
_CONFIG = """
ListenAddress {address}
HostKey {folder}/host_key
PidFile none
AuthorizedKeysFile {folder}/key.pub
StrictModes no
UsePAM no
PermitRootLogin yes
"""
_START = """
set -eu
mkdir -p {own}/opt {own}/state {directory} /var/lib/cosyvoice-cluster /run/sshd
mount --bind {own}/opt {directory}
mount --bind {own}/state /var/lib/cosyvoice-cluster
exec /usr/sbin/sshd -D -e -f {own}/sshd_config
"""


@dataclass(frozen=True, slots=True)
class Machines:
    """Machines, and the place of the control machine beside them."""

    folder: Path
    names: tuple[str, ...]
    prefix: str
    """Of the names of their network namespaces."""

    @property
    def control(self) -> str:
        """Network namespace of the control machine, which has no way to anywhere else."""
        return f"{self.prefix}-control"

    def address(self, name: str) -> str:
        """The address of a machine."""
        return f"10.79.0.{self.names.index(name) + 11}"

    def files(self, name: str) -> Path:
        """The machine's own folder, as it is on this one."""
        return self.folder / name / "opt"

    @property
    def inventory(self) -> str:
        """An inventory of them as real servers."""
        hosts = "".join(f"    {name}: {self.address(name)}\n" for name in self.names)
        return (
            "vip: 10.79.0.100\n"
            "directors: {hosts: {lvs1: 10.79.0.3, lvs2: 10.79.0.4}}\n"
            f"ssh: {{user: root, key_file: {self.folder}/key, "
            f"known_hosts_file: {self.folder}/known_hosts, connect_timeout: 60}}\n"
            f"real_servers:\n  hosts:\n{hosts}"
            f"app: {{directory: {DIRECTORY}, python: /usr/bin/python3}}\n"
        )

    def inside(self, command: list[str]) -> list[str]:
        """The command, run at the control machine's place."""
        return ["ip", "netns", "exec", self.control, *command]


@contextmanager
def machines(folder: Path, number: int, mbit: int, prefix: str) -> Iterator[Machines]:
    """So many machines for the time of the block, each with a link of ``mbit`` Mbit/s in each
    direction, the control machine as well."""
    made = Machines(folder, tuple(f"n{one}" for one in range(1, number + 1)), prefix)
    folder.mkdir(parents=True, exist_ok=True)
    for key in ("key", "host_key"):
        _run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / key)])
    host_key = " ".join((folder / "host_key.pub").read_text().split()[:2])
    known = [f"{made.address(name)} {host_key}\n" for name in made.names]
    (folder / "known_hosts").write_text("".join(known))
    daemons: list[subprocess.Popen[bytes]] = []
    try:
        _lay_cables(made, mbit)
        daemons = [_sshd(made, name) for name in made.names]
        for name in made.names:
            _await(made, name)
        yield made
    finally:
        for daemon in daemons:
            daemon.terminate()
        for daemon in daemons:
            daemon.wait()
        for space in ("switch", "control", *made.names):
            with contextlib.suppress(subprocess.CalledProcessError):
                _run(["ip", "netns", "delete", f"{prefix}-{space}"])
        shutil.rmtree(folder, ignore_errors=True)


def _lay_cables(made: Machines, mbit: int) -> None:
    switch = f"{made.prefix}-switch"
    addresses = {"control": "10.79.0.2"} | {name: made.address(name) for name in made.names}
    for space in ("switch", *addresses):
        _run(["ip", "netns", "add", f"{made.prefix}-{space}"])
    _run(["ip", "-n", switch, "link", "add", "lan", "type", "bridge"])
    _run(["ip", "-n", switch, "link", "set", "lan", "up"])
    for name, address in addresses.items():
        own = f"{made.prefix}-{name}"
        peer = ["peer", "name", "eth0", "netns", own]
        _run(["ip", "-n", switch, "link", "add", name, "type", "veth", *peer])
        _run(["ip", "-n", switch, "link", "set", name, "master", "lan", "up"])
        _run(["ip", "-n", own, "address", "add", f"{address}/24", "dev", "eth0"])
        for link in ("lo", "eth0"):
            _run(["ip", "-n", own, "link", "set", link, "up"])
        for space, link in ((own, "eth0"), (switch, name)):
            bucket = ["tbf", "rate", f"{mbit}mbit", "burst", "256kb", "latency", "50ms"]
            _run(["tc", "-n", space, "qdisc", "add", "dev", link, "root", *bucket])


def _sshd(made: Machines, name: str) -> subprocess.Popen[bytes]:
    own = made.folder / name
    own.mkdir()
    config = _CONFIG.format(address=made.address(name), folder=made.folder)
    (own / "sshd_config").write_text(config)
    start = _START.format(own=own, directory=DIRECTORY)
    mounts = ["unshare", "--mount", "--propagation", "private", "sh", "-c", start]
    with (own / "log").open("wb") as log:
        return subprocess.Popen(
            ["ip", "netns", "exec", f"{made.prefix}-{name}", *mounts],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )


def _await(made: Machines, name: str) -> None:
    probe = f"exec 3<>/dev/tcp/{made.address(name)}/22"
    for _ in range(300):
        if subprocess.run(made.inside(["bash", "-c", probe]), capture_output=True).returncode == 0:
            return
        time.sleep(0.1)
    raise RuntimeError(f"{name}: {(made.folder / name / 'log').read_text()}")


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, capture_output=True)
