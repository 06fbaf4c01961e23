import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from provisioning.model.ssh import Connection
from provisioning.transport.ssh import SSHTransport, connect
from tests.transport.sshd import Sshd

Login = Callable[..., SSHTransport]


@pytest.fixture(scope="session")
def sshd() -> Iterator[Sshd]:
    """A server for tests that do not change it."""
    if os.geteuid() != 0:
        pytest.skip("needs root: an sshd with accounts of its own")
    # Not below pytest's own folder: that is closed to the accounts that look for their keys here.
    with tempfile.TemporaryDirectory(prefix="cosyvoice-sshd-") as folder:
        server = Sshd(Path(folder))
        server.start()
        yield server
        server.stop()


@pytest.fixture
def own_sshd() -> Iterator[Sshd]:
    """A server of the test's own, not started yet."""
    if os.geteuid() != 0:
        pytest.skip("needs root: an sshd with accounts of its own")
    with tempfile.TemporaryDirectory(prefix="cosyvoice-sshd-") as folder:
        server = Sshd(Path(folder))
        yield server
        server.stop()


@pytest.fixture(autouse=True)
def no_settings_of_the_person_who_runs_this(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)


def connection(server: Sshd, **settings: Any) -> Connection:
    """Root's login with the server's key; a setting that is None is left out."""
    given = {
        "host": "127.0.0.1",
        "port": server.port,
        "user": "root",
        "key_file": server.key,
        "known_hosts_file": server.known_hosts,
        "connect_timeout": 60,
    }
    wanted = {key: value for key, value in (given | settings).items() if value is not None}
    return Connection.model_validate(wanted)


@pytest.fixture
def login(sshd: Sshd, tmp_path: Path, request: pytest.FixtureRequest) -> Login:
    """Connects to a server as the host ``rs1``; the connection is closed after the test."""

    def log_in(
        server: Sshd = sshd, accept_new_host_keys: bool = False, **settings: Any
    ) -> SSHTransport:
        transport = connect(
            "rs1",
            connection(server, **settings),
            accept_new_host_keys=accept_new_host_keys,
            base_dir=tmp_path,
        )
        request.addfinalizer(transport.close)
        return transport

    return log_in


@pytest.fixture
def secret(tmp_path: Path) -> Callable[[str], dict[str, str]]:
    """A password as the inventory names it."""

    def make(text: str) -> dict[str, str]:
        path = tmp_path / "password"
        path.write_text(text + "\n")
        path.chmod(0o600)
        return {"file": str(path)}

    return make
