"""Many real sshd on loopback, each a host with files of its own."""

import contextlib
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from provisioning.places import STATE
from tests.ports import free_port
from tests.transport.sshd import make_key

WORK = Path("/srv")
"""The folder that is each host's own, in memory."""
_STRANGERS = 1000
"""Lines of known_hosts about other hosts, as an operator's has them."""

_SETUP = """
set -eu
mount -t tmpfs tmpfs {work}
mount -t tmpfs tmpfs {state}
mkdir -p /run/sshd
exec /usr/sbin/sshd -D -e -f {config}
"""

_CONFIG = """
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
PidFile none
AuthorizedKeysFile {folder}/key.pub
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin yes
MaxStartups 1000
"""


@dataclass(frozen=True, slots=True)
class Hosts:
    """Where they are: a port each."""

    folder: Path
    ports: dict[str, int]

    @property
    def key(self) -> Path:
        """The key that logs in as root."""
        return self.folder / "key"

    @property
    def known_hosts(self) -> Path:
        """The keys of the hosts, and of strangers."""
        return self.folder / "known_hosts"

    def first(self, count: int) -> "Hosts":
        """So many of them."""
        return Hosts(self.folder, dict(list(self.ports.items())[:count]))


@contextlib.contextmanager
def running(folder: Path, count: int) -> Iterator[Hosts]:
    """Start so many servers, in mount namespaces, and end them."""
    make_key(folder / "key")
    make_key(folder / "host_key")
    hosts = Hosts(folder, {f"h{number:03}": free_port() for number in range(1, count + 1)})
    _write_known_hosts(hosts)
    state = Path(STATE)
    made = not state.exists()
    state.mkdir(parents=True, exist_ok=True)
    servers: list[subprocess.Popen[bytes]] = []
    try:
        for name, port in hosts.ports.items():
            servers.append(_start(folder, name, port))
        for port in hosts.ports.values():
            _answers(port)
        yield hosts
    finally:
        for server in servers:
            server.kill()
        for server in servers:
            server.wait()
        if made:
            with contextlib.suppress(OSError):
                state.rmdir()


def _start(folder: Path, name: str, port: int) -> subprocess.Popen[bytes]:
    config = folder / f"{name}.conf"
    config.write_text(_CONFIG.format(folder=folder, port=port))
    script = _SETUP.format(work=WORK, state=STATE, config=config)
    return subprocess.Popen(
        ["unshare", "--mount", "--propagation", "private", "sh", "-c", script],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _answers(port: int) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5) as one:
            if one.recv(4) == b"SSH-":
                return
        time.sleep(0.05)
    raise SystemExit(f"the sshd on port {port} does not answer")


def _write_known_hosts(hosts: Hosts) -> None:
    words = " ".join((hosts.folder / "host_key.pub").read_text().split()[:2])
    lines = [f"stranger{number}.example {words}" for number in range(_STRANGERS)]
    lines += [f"[127.0.0.1]:{port} {words}" for port in hosts.ports.values()]
    hosts.known_hosts.write_text("\n".join(lines) + "\n")


def missing() -> list[str]:
    """Programs that are needed and not there."""
    return [name for name in ("/usr/sbin/sshd", "unshare", "ssh") if shutil.which(name) is None]
