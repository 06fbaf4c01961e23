"""Hosts behind a real sshd, for commands."""

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from tests.transport.sshd import Sshd


@dataclass(frozen=True)
class SSHHosts:
    """An inventory of hosts that are all this machine, each by a connection of its own; rs9 does
    not answer."""

    path: Path

    def invoke(self, command: click.Command, *words: str, given: bytes | None = None) -> Result:
        return CliRunner().invoke(command, ["-i", str(self.path), *words], input=given)


@pytest.fixture(scope="session")
def commands_sshd() -> Iterator[Sshd]:
    if os.geteuid() != 0:
        pytest.skip("needs root: an sshd with accounts of its own")
    with tempfile.TemporaryDirectory(prefix="cosyvoice-sshd-") as folder:
        server = Sshd(Path(folder))
        server.start()
        yield server
        server.stop()


@pytest.fixture
def ssh_hosts(commands_sshd: Sshd, tmp_path: Path) -> SSHHosts:
    server = commands_sshd
    path = tmp_path / "inventory.yaml"
    path.write_text(
        f"""\
vip: 192.0.2.100
ssh:
  host: 127.0.0.1
  port: {server.port}
  user: root
  key_file: {server.key}
  known_hosts_file: {server.known_hosts}
  connect_timeout: 60
directors: {{hosts: {{lvs1: 192.0.2.11, lvs2: 192.0.2.12}}}}
real_servers:
  hosts:
    rs1: 192.0.2.101
    rs2: {{address: 192.0.2.102, labels: {{rack: r2}}}}
    rs3: {{address: 192.0.2.103, labels: {{rack: r2}}}}
    rs9: {{address: 192.0.2.109, ssh: {{port: 1}}}}
""",
        encoding="utf-8",
    )
    return SSHHosts(path)
