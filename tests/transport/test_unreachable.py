"""Hosts that cannot be reached: one clear reason each, within the time that is given."""

import contextlib
import itertools
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from provisioning.transport.base import UnreachableError
from tests.ports import refusing_port
from tests.transport.conftest import Login
from tests.transport.sshd import Sshd


@contextmanager
def within(seconds: float) -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds


@contextmanager
def peer(answer: bytes) -> Iterator[int]:
    """The port of a server that says this to everyone and closes."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    stream, _ = server.accept()
                except OSError:
                    return
                with stream:
                    stream.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


def test_refused(login: Login) -> None:
    with (
        refusing_port() as port,
        pytest.raises(UnreachableError, match=r"rs1: root@127.*: connection refused.*ssh\.port"),
    ):
        login(port=port)


def test_no_such_name(login: Login) -> None:
    with pytest.raises(UnreachableError, match=r"rs1: .*the name does not resolve"):
        login(host="no-such-host.invalid")


@pytest.mark.parametrize("name", ["a..b", "x" * 70 + ".example", "名前。"])
def test_no_name_at_all(login: Login, name: str) -> None:
    with pytest.raises(UnreachableError, match="the name does not resolve"):
        login(host=name)


def test_a_backlog_that_is_full_swallows_connections(login: Login) -> None:
    """As a firewall that drops packets: no answer to the first packet."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        address = full.getsockname()
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(address)
        with (
            within(10),
            pytest.raises(UnreachableError, match=r"no answer within 1 s.*ssh\.connect_timeout"),
        ):
            login(port=address[1], connect_timeout=1)
        for filler in fillers:
            filler.close()


def test_silent_after_the_connection(login: Login) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        within(10),
        pytest.raises(UnreachableError, match=r"sends nothing for 1 s.*ssh\.connect_timeout"),
    ):
        login(port=silent.getsockname()[1], connect_timeout=1)


def test_silent_after_the_banner(login: Login) -> None:
    given_up = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            stream, _ = server.accept()
            with stream:
                stream.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
                given_up.wait(60)

        threading.Thread(target=serve, daemon=True).start()
        with within(10), pytest.raises(UnreachableError, match="sends nothing for 1 s"):
            login(port=server.getsockname()[1], connect_timeout=1)
        given_up.set()


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\xff\xfe\x00"])
def test_not_an_ssh_server(login: Login, answer: bytes) -> None:
    with (
        peer(answer) as port,
        pytest.raises(UnreachableError, match="closed the connection before it spoke SSH"),
    ):
        login(port=port, connect_timeout=2)


def test_a_try_that_had_no_time_left_hides_no_reason(login: Login) -> None:
    """The first connection is closed at once; at the next there is no answer."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=lambda: server.accept()[0].close(), daemon=True).start()
        with pytest.raises(UnreachableError, match="closed the connection before it spoke SSH"):
            login(port=server.getsockname()[1], connect_timeout=2)


def test_a_server_of_another_age(login: Login) -> None:
    with peer(b"SSH-1.5-ancient\r\n") as port, pytest.raises(UnreachableError, match="rs1: "):
        login(port=port, connect_timeout=2)


def test_nothing_in_common(own_sshd: Sshd, login: Login) -> None:
    own_sshd.more = "Ciphers chacha20-poly1305@openssh.com"
    own_sshd.start()
    with pytest.raises(UnreachableError, match="no algorithm in common"):
        login(own_sshd)


def test_a_crowded_server_gets_another_try(own_sshd: Sshd, login: Login) -> None:
    """sshd turns away who comes while two others are logging in (MaxStartups)."""
    own_sshd.more = "MaxStartups 2"
    own_sshd.start()
    failures: list[Exception] = []

    def work() -> None:
        try:
            login(own_sshd, connect_timeout=30)
        except UnreachableError as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert "beginning MaxStartups throttling" in own_sshd.log()
    assert failures == []


def _spoken(first: socket.socket, then: socket.socket) -> None:
    """Carries bytes one way."""
    with contextlib.suppress(OSError):
        while part := first.recv(65536):
            then.sendall(part)
        then.shutdown(socket.SHUT_WR)


@contextmanager
def garbling(sshd: Sshd, times: int) -> Iterator[int]:
    """The port of a line to an sshd that garbles its first `times` connections after the banner."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            for number in itertools.count():
                try:
                    stream, _ = server.accept()
                except OSError:
                    return
                if number < times:
                    with stream:
                        stream.sendall(b"SSH-2.0-OpenSSH_9.2\r\n" + b"garbled " * 8)
                    continue
                behind = socket.create_connection(("127.0.0.1", sshd.port))
                for pair in ((stream, behind), (behind, stream)):
                    threading.Thread(target=_spoken, args=pair, daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


def test_a_connection_that_breaks_before_the_login_gets_another_try(
    sshd: Sshd, login: Login, tmp_path: Path
) -> None:
    with garbling(sshd, 2) as port:
        known = tmp_path / "known_hosts"
        known.write_text(f"[127.0.0.1]:{port} {sshd.host_key()}\n")
        assert login(port=port, known_hosts_file=known).run("echo ok").stdout == b"ok\n"


def test_a_connection_that_always_breaks_is_told_of(sshd: Sshd, login: Login) -> None:
    with (
        garbling(sshd, 99) as port,
        pytest.raises(UnreachableError, match=r"rs1: .*the connection broke at its start: "),
    ):
        login(port=port, connect_timeout=2)


def test_the_next_address_of_a_name_is_tried(
    sshd: Sshd, login: Login, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A name with an address nobody answers at, as IPv6 often is."""
    known = tmp_path / "known_hosts"
    known.write_text(f"[two-addresses]:{sshd.port} {sshd.host_key()}\n")

    def found(*_: object, **__: object) -> list[tuple[object, ...]]:
        stream = (socket.SOCK_STREAM, 6, "")
        return [
            (socket.AF_INET6, *stream, ("::1", nobody, 0, 0)),
            (socket.AF_INET, *stream, ("127.0.0.1", sshd.port)),
        ]

    monkeypatch.setattr(socket, "getaddrinfo", found)
    with refusing_port("::1") as nobody:
        assert login(host="two-addresses", known_hosts_file=known).run("echo 1").stdout == b"1\n"


def test_ipv6(own_sshd: Sshd, login: Login) -> None:
    own_sshd.more = "ListenAddress ::1"
    own_sshd.known_hosts.write_text(f"[::1]:{own_sshd.port} {own_sshd.host_key()}\n")
    own_sshd.start()
    assert login(own_sshd, host="::1").run("echo six").stdout == b"six\n"
    with refusing_port("::1") as port, pytest.raises(UnreachableError, match=r"root@\[::1\]:"):
        login(own_sshd, host="::1", port=port)


def test_nothing_but_our_error_is_shown() -> None:
    """paramiko logs tracebacks of its own to standard error where nobody listens to its log."""
    program = (
        "from pathlib import Path\n"
        "from provisioning.model.ssh import Connection\n"
        "from provisioning.transport.base import TransportError\n"
        "from provisioning.transport.ssh import connect\n"
        "try:\n"
        "    connect('rs1', Connection(host='127.0.0.1', port={port}, connect_timeout=1),"
        " base_dir=Path('/'))\n"
        "except TransportError as error:\n"
        "    print(error)\n"
    )
    with peer(b"Not allowed at this time\r\n") as port:
        done = subprocess.run(
            [sys.executable, "-c", program.format(port=port)], capture_output=True, text=True
        )
    assert done.stderr == ""
    assert done.stdout.count("\n") == 1
