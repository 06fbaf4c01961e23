"""SSH against a real sshd: what works, and what each failure says."""

import os
import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import paramiko
import pytest

from provisioning.model.ssh import Connection
from provisioning.transport.base import (
    AuthenticationError,
    ConnectionLostError,
    HostKeyError,
    SudoError,
    UnreachableError,
)
from provisioning.transport.ssh import SSHTransport, connect
from tests.transport.sshd import PASSWORD, Sshd, free_port, make_key


def connection(server: Sshd, **settings: Any) -> Connection:
    given = {
        "host": "127.0.0.1",
        "port": server.port,
        "user": "root",
        "key_file": server.key,
        "known_hosts_file": server.known_hosts,
        "connect_timeout": 5,
    }
    wanted = {key: value for key, value in (given | settings).items() if value is not None}
    return Connection.model_validate(wanted)


Login = Callable[..., SSHTransport]


@pytest.fixture
def login(sshd: Sshd, tmp_path: Path, request: pytest.FixtureRequest) -> Login:
    def log_in(server: Sshd = sshd, accept_new_host_keys: bool = False, **settings: Any) -> Any:
        transport = connect(
            "rs1",
            connection(server, **settings),
            accept_new_host_keys=accept_new_host_keys,
            base_dir=tmp_path,
        )
        request.addfinalizer(transport.close)
        return transport

    return log_in


def password_from(tmp_path: Path, text: str) -> dict[str, str]:
    path = tmp_path / "password"
    path.write_text(text + "\n")
    path.chmod(0o600)
    return {"file": str(path)}


def test_output_error_and_status_come_back_apart(login: Login) -> None:
    done = login().run("echo 输出; echo 错误 >&2; exit 3")
    assert (done.stdout.decode(), done.stderr.decode(), done.status) == ("输出\n", "错误\n", 3)


def test_one_connection_runs_many_scripts(login: Login) -> None:
    transport = login()
    assert [transport.run(f"echo {n}").stdout for n in range(3)] == [b"0\n", b"1\n", b"2\n"]


def test_eight_mebibytes_both_ways(login: Login) -> None:
    body = "x" * (8 << 20)
    done = login().run(f"cat <<'END'\n{body}\nEND\necho done >&2")
    assert done.stdout.decode() == body + "\n"
    assert done.stderr == b"done\n"


def test_output_comes_as_it_is_made(login: Login) -> None:
    seen: list[float] = []
    login().run("echo a; sleep 1; echo b", on_stdout=lambda chunk: seen.append(time.monotonic()))
    assert seen[-1] - seen[0] > 0.8


def test_the_script_is_in_no_process_list(login: Login) -> None:
    done = login().run("secret='tell''tale'; ps -ef | grep -c \"$secret\" || :")
    # grep itself has the word in its arguments, and nobody else.
    assert done.stdout == b"1\n"


def test_password(login: Login, tmp_path: Path) -> None:
    secret = password_from(tmp_path, PASSWORD)
    assert login(user="free", key_file=None, password=secret).run("id -un").stdout == b"root\n"


def test_a_wrong_password_is_told_and_not_shown(login: Login, tmp_path: Path) -> None:
    secret = password_from(tmp_path, "not-the-password")
    with pytest.raises(AuthenticationError, match=r"rs1: free@127\.0\.0\.1") as caught:
        login(user="free", key_file=None, password=secret)
    assert "not-the-password" not in str(caught.value)


def test_a_wrong_key_names_the_key(login: Login, tmp_path: Path) -> None:
    key = make_key(tmp_path / "other")
    with pytest.raises(AuthenticationError, match="other"):
        login(key_file=key)


def test_a_missing_key_file(login: Login) -> None:
    with pytest.raises(AuthenticationError, match=r"no key file .*nothing-here"):
        login(key_file=Path("nothing-here"))


def test_a_key_with_a_passphrase_says_ssh_add(login: Login, tmp_path: Path) -> None:
    key = make_key(tmp_path / "closed", passphrase="long enough")
    with pytest.raises(AuthenticationError, match="ssh-add"):
        login(key_file=key)


def test_agent(login: Login, sshd: Sshd, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    said = subprocess.run(["ssh-agent", "-s"], capture_output=True, text=True, check=True).stdout
    agent = dict(re.findall(r"(SSH_\w+)=([^;]+);", said))
    try:
        for name, value in agent.items():
            monkeypatch.setenv(name, value)
        subprocess.run(["ssh-add", "-q", str(sshd.key)], check=True)
        assert login(key_file=None).run("id -un").stdout == b"root\n"
    finally:
        os.kill(int(agent["SSH_AGENT_PID"]), signal.SIGTERM)


def test_ssh_config_is_used_and_the_inventory_goes_over_it(
    sshd: Sshd, tmp_path: Path, login: Login
) -> None:
    config = tmp_path / "config"
    config.write_text(
        f"Host node\n HostName 127.0.0.1\n Port {sshd.port}\n User free\n"
        f" IdentityFile {sshd.key}\n UserKnownHostsFile {sshd.known_hosts}\n"
    )
    settings: dict[str, Any] = {"host": "node", "config_file": config, "port": None}
    settings |= {"key_file": None, "known_hosts_file": None}
    by_config = login(user=None, **settings)
    assert by_config.run("id -un", root=False).stdout == b"free\n"
    assert login(user="asked", **settings).run("id -un", root=False).stdout == b"asked\n"


class TestHostKeys:
    def test_unknown_is_refused_with_its_fingerprint(self, login: Login, tmp_path: Path) -> None:
        with pytest.raises(HostKeyError, match=r"unknown .*SHA256:.*--accept-new-host-keys"):
            login(known_hosts_file=tmp_path / "empty")

    def test_new_is_learnt_when_asked_and_holds_then(self, login: Login, tmp_path: Path) -> None:
        known = tmp_path / "new" / "known_hosts"
        login(known_hosts_file=known, accept_new_host_keys=True)
        assert known.stat().st_mode & 0o777 == 0o600
        login(known_hosts_file=known)

    @pytest.mark.parametrize("kind", ["ed25519", "ecdsa"])
    def test_changed_is_refused_even_when_new_ones_are_accepted(
        self, own_sshd: Sshd, login: Login, kind: str
    ) -> None:
        own_sshd.new_host_key(kind)
        own_sshd.start()
        with pytest.raises(HostKeyError, match=r"CHANGED.*line 1.*ssh-keygen -R"):
            login(own_sshd, accept_new_host_keys=True)

    def test_hashed_names_are_found(self, sshd: Sshd, login: Login, tmp_path: Path) -> None:
        known = tmp_path / "known_hosts"
        known.write_text(sshd.known_hosts.read_text())
        subprocess.run(["ssh-keygen", "-q", "-H", "-f", str(known)], check=True)
        assert "127.0.0.1" not in known.read_text()
        login(known_hosts_file=known)

    def test_revoked_is_refused(self, sshd: Sshd, login: Login, tmp_path: Path) -> None:
        known = tmp_path / "known_hosts"
        known.write_text(f"{sshd.known_hosts.read_text()}@revoked * {sshd.host_key()}\n")
        with pytest.raises(HostKeyError, match=r"@revoked.*known_hosts:2"):
            login(known_hosts_file=known)


class TestSudo:
    def test_without_a_password(self, login: Login) -> None:
        assert login(user="free").run("id -un").stdout == b"root\n"

    def test_not_asked_for_when_root_is_not_wanted(self, login: Login) -> None:
        assert login(user="never").run("id -un", root=False).stdout == b"never\n"

    def test_with_a_password(self, login: Login, tmp_path: Path) -> None:
        transport = login(user="asked", sudo_password=password_from(tmp_path, PASSWORD))
        assert transport.run("id -un; cat", root=True).stdout == b"root\n"
        assert transport.run("id -un").stdout == b"root\n"

    def test_a_password_that_is_not_needed_is_not_run_as_a_command(
        self, login: Login, tmp_path: Path
    ) -> None:
        trap = tmp_path / "ran"
        secret = password_from(tmp_path, f"touch {trap}")
        done = login(user="free", sudo_password=secret).run("id -un")
        assert (done.stdout, done.stderr) == (b"root\n", b"")
        assert not trap.exists()

    def test_needed_and_not_given(self, login: Login) -> None:
        with pytest.raises(SudoError, match=r"rs1: sudo wants a password.*ssh\.sudo_password"):
            login(user="asked").run("id")

    def test_wrong(self, login: Login, tmp_path: Path) -> None:
        transport = login(user="asked", sudo_password=password_from(tmp_path, "guess"))
        began = time.monotonic()
        with pytest.raises(SudoError, match="refused the password") as caught:
            transport.run("touch /tmp/must-not-run")
        assert time.monotonic() - began < 20
        assert "guess" not in str(caught.value)

    def test_not_in_sudoers(self, login: Login, tmp_path: Path) -> None:
        transport = login(user="never", sudo_password=password_from(tmp_path, PASSWORD))
        with pytest.raises(SudoError, match=r"rs1: .*sudoers"):
            transport.run("id")


class TestUnreachable:
    def test_refused(self, login: Login) -> None:
        with pytest.raises(UnreachableError, match=r"rs1: .*refused"):
            login(port=free_port())

    def test_no_such_name(self, login: Login) -> None:
        with pytest.raises(UnreachableError, match="does not resolve"):
            login(host="no-such-host.invalid")

    def test_silent(self, login: Login) -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            began = time.monotonic()
            with pytest.raises(UnreachableError):
                login(port=silent.getsockname()[1], connect_timeout=1)
            assert time.monotonic() - began < 10

    def test_not_an_ssh_server(self, login: Login) -> None:
        with socket.create_server(("127.0.0.1", 0)) as other:

            def answer() -> None:
                peer, _ = other.accept()
                with peer:
                    peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

            threading.Thread(target=answer, daemon=True).start()
            with pytest.raises(UnreachableError, match="rs1"):
                login(port=other.getsockname()[1])


def test_through_two_jump_hosts(
    sshd: Sshd, tmp_path_factory: pytest.TempPathFactory, login: Login
) -> None:
    hops = [Sshd(tmp_path_factory.mktemp("hop")) for _ in range(2)]
    known = tmp_path_factory.mktemp("known") / "hosts"
    known.write_text("".join(server.known_hosts.read_text() for server in (*hops, sshd)))
    for hop in hops:
        (hop.folder / "authorized_keys").write_text((sshd.folder / "key.pub").read_text())
        hop.start()
    try:
        jump = ",".join(f"root@127.0.0.1:{hop.port}" for hop in hops)
        done = login(jump=jump, known_hosts_file=known).run("echo through")
        assert done.stdout == b"through\n"
        known.write_text(sshd.known_hosts.read_text())
        with pytest.raises(HostKeyError, match="jump host"):
            login(jump=jump, known_hosts_file=known)
        with pytest.raises(UnreachableError, match="jump host does not reach"):
            known.write_text("".join(s.known_hosts.read_text() for s in (*hops, sshd)))
            login(jump=jump, known_hosts_file=known, port=free_port())
    finally:
        for hop in hops:
            hop.stop()


def test_too_long(login: Login) -> None:
    with pytest.raises(ConnectionLostError, match=r"rs1: a script took more than 0\.5 s"):
        login().run("sleep 30", timeout=0.5)


def test_the_connection_breaks_while_a_script_runs(login: Login) -> None:
    transport = login()
    # The session's own sshd is the shell's parent.
    with pytest.raises(ConnectionLostError, match="rs1: the connection broke"):
        transport.run("kill -9 $PPID; sleep 5", root=False)


def test_many_hosts_at_once(sshd: Sshd, login: Login) -> None:
    results: list[bytes] = []

    def work(number: int) -> None:
        results.append(login().run(f"echo {number}").stdout)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [f"{number}\n".encode() for number in range(8)]


def test_paramiko_says_nothing_of_its_own(login: Login, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UnreachableError):
        login(port=free_port())
    assert capfd.readouterr().err == ""
    assert paramiko.__version__
