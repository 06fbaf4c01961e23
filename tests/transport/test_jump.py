"""Through other hosts and programs, by our own connection and by OpenSSH's client."""

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from provisioning.transport.base import AuthenticationError, HostKeyError, UnreachableError
from provisioning.transport.openssh import ssh_command
from tests.living import wait_until_gone
from tests.ports import refusing_port
from tests.transport.conftest import Login, connection
from tests.transport.sshd import PASSWORD, Sshd


@pytest.fixture(scope="module")
def hops(sshd: Sshd) -> Iterator[list[Sshd]]:
    """Two more servers, which let the first one's key in."""
    with tempfile.TemporaryDirectory(prefix="cosyvoice-hops-") as folder:
        Path(folder).chmod(0o755)
        servers = [Sshd(Path(folder) / name) for name in ("one", "two")]
        for server in servers:
            server.allow(sshd.folder / "key.pub")
            server.start()
        yield servers
        for server in servers:
            server.stop()


@pytest.fixture
def known(tmp_path: Path, sshd: Sshd, hops: list[Sshd]) -> Path:
    path = tmp_path / "known hosts"
    path.write_text("".join(server.known_hosts.read_text() for server in (*hops, sshd)))
    return path


def through(hops: list[Sshd], user: str = "root") -> str:
    return ",".join(f"{user}@127.0.0.1:{hop.port}" for hop in hops)


def test_one(login: Login, hops: list[Sshd], known: Path) -> None:
    transport = login(user="free", jump=through(hops[:1]), known_hosts_file=known)
    assert transport.run("id -un").stdout == b"root\n"


def test_two_in_their_order(login: Login, hops: list[Sshd], known: Path) -> None:
    jump = f"{through(hops[:1], 'free')},{through(hops[1:], 'asked')}"
    transport = login(jump=jump, known_hosts_file=known)
    body = "x" * (2 << 20)
    assert transport.run(f"cat <<'END'\n{body}\nEND\n").stdout.decode() == f"{body}\n"
    assert "Accepted publickey for free" in hops[0].log()
    assert "Accepted publickey for asked" in hops[1].log()
    # The second has no way out for this one, and it is the second who is asked for it.
    fenced = f"{through(hops[:1], 'free')},{through(hops[1:], 'fenced')}"
    with pytest.raises(UnreachableError, match=r"^rs1: root@.*jump host forbids"):
        login(jump=fenced, known_hosts_file=known)


def test_the_jump_host_must_be_known(
    login: Login, sshd: Sshd, hops: list[Sshd], known: Path
) -> None:
    known.write_text(sshd.known_hosts.read_text())
    with pytest.raises(HostKeyError, match=r"rs1: jump host 127\.0\.0\.1: .*unknown host key"):
        login(jump=through(hops[:1]), known_hosts_file=known)


def test_the_host_behind_it_must_be_known(login: Login, hops: list[Sshd], known: Path) -> None:
    known.write_text("".join(hop.known_hosts.read_text() for hop in hops))
    with pytest.raises(HostKeyError, match=r"^rs1: \[127.0.0.1\]:\d+: unknown host key"):
        login(jump=through(hops[:1]), known_hosts_file=known)


def test_nobody_behind_it(login: Login, hops: list[Sshd], known: Path) -> None:
    with (
        refusing_port() as port,
        pytest.raises(UnreachableError, match="the jump host cannot connect there"),
    ):
        login(jump=through(hops[:1]), known_hosts_file=known, port=port)


def test_it_does_not_forward(login: Login, hops: list[Sshd], known: Path) -> None:
    with pytest.raises(UnreachableError, match="the jump host forbids forwarding"):
        login(jump=through(hops[:1], "fenced"), known_hosts_file=known)


def test_the_password_is_not_shown_to_it(
    login: Login, hops: list[Sshd], known: Path, secret: Callable[[str], dict[str, str]]
) -> None:
    settings = {"key_file": None, "password": secret(PASSWORD), "known_hosts_file": known}
    login(user="free", **settings)
    with pytest.raises(AuthenticationError, match=r"rs1: jump host .*tried: nothing"):
        login(user="free", jump=through(hops[:1], "free"), **settings)
    assert "Failed password" not in hops[0].log()
    assert "Accepted password" not in hops[0].log()


class TestProxyCommand:
    def proxied(self, tmp_path: Path, command: str) -> Path:
        config = tmp_path / "config"
        config.write_text(f"ProxyCommand {command}\n")
        return config

    def test_carries_the_connection(self, login: Login, tmp_path: Path) -> None:
        # With a redirection: OpenSSH gives it to a shell.
        config = self.proxied(tmp_path, "nc %h %p 2>/dev/null")
        transport = login(user="free", config_file=config)
        body = "x" * (2 << 20)
        assert transport.run(f"cat <<'END'\n{body}\nEND\n").stdout.decode() == f"{body}\n"

    def test_leaves_no_process_behind(self, login: Login, tmp_path: Path) -> None:
        pid_file = tmp_path / "pid"
        transport = login(
            config_file=self.proxied(tmp_path, f"sh -c 'echo $$ > {pid_file}; exec nc %h %p'")
        )
        pid = int(pid_file.read_text())
        transport.close()
        wait_until_gone(pid)

    def test_its_failure_is_told_with_its_words(self, login: Login, tmp_path: Path) -> None:
        config = self.proxied(tmp_path, "sh -c 'echo 没有路 >&2; exit 1'")
        began = time.process_time()
        with pytest.raises(UnreachableError, match=r"the ProxyCommand \(sh .*\) reported: 没有路"):
            login(config_file=config)
        assert time.process_time() - began < 10

    def test_none_such(self, login: Login, tmp_path: Path) -> None:
        config = self.proxied(tmp_path, "no-such-program %h")
        with pytest.raises(UnreachableError, match="no-such-program: not found"):
            login(config_file=config)


class TestOpenSSH:
    """The same settings, as ``cluster ssh`` gives them to OpenSSH's client."""

    def run(self, tmp_path: Path, server: Sshd, *command: str, **settings: Any) -> str:
        argv = ssh_command(connection(server, **settings), tmp_path)
        done = subprocess.run(
            [argv[0], "-o", "BatchMode=yes", *argv[1:], *command],
            capture_output=True,
            text=True,
            env={**os.environ, "HOME": str(tmp_path)},
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def test_straight(self, sshd: Sshd, tmp_path: Path) -> None:
        assert self.run(tmp_path, sshd, "id", "-un", user="free") == "free\n"

    def test_through_two_jump_hosts(
        self, sshd: Sshd, hops: list[Sshd], known: Path, tmp_path: Path
    ) -> None:
        config = tmp_path / "50% off"
        config.write_text("LogLevel ERROR\n")
        said = self.run(
            tmp_path,
            sshd,
            "echo through",
            jump=through(hops, "free"),
            known_hosts_file=known,
            config_file=config,
        )
        assert said == "through\n"

    def test_the_jump_host_shares_the_user(
        self, sshd: Sshd, hops: list[Sshd], known: Path, tmp_path: Path
    ) -> None:
        jump = f"127.0.0.1:{hops[0].port}"
        settings: dict[str, Any] = {"user": "free", "jump": jump, "known_hosts_file": known}
        assert self.run(tmp_path, sshd, "id", "-un", **settings) == "free\n"
        assert "Accepted publickey for free" in hops[0].log()
