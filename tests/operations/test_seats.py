"""A run holds its hosts for exactly as long as it lives: real sshd, real processes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from secrets import token_hex

import pytest

from provisioning.engine import seat
from provisioning.engine.lock import LockedError
from provisioning.model.cluster_record import ClusterRecord, from_text, later
from provisioning.model.ssh import Connection
from provisioning.operations.run import seats as seats_module
from provisioning.operations.run.seats import LostSeatError, Seats
from provisioning.transport.ssh import SSHTransport, connect
from tests.transport.conftest import connection, own_sshd, secret, sshd  # noqa: F401
from tests.transport.sshd import PASSWORD, Sshd

Login = Callable[..., SSHTransport]


def let_in(seats: Seats, name: str, log_in: Login) -> None:
    """Before the host would let go by its clock: it has heard of the other's end, and that takes
    it a moment."""
    end = time.monotonic() + 45
    while True:
        try:
            seats.guard(name, log_in())
            return
        except LockedError:
            assert time.monotonic() < end


_CONTROL = """
import sys, time
from pathlib import Path
from provisioning.engine import seat
from provisioning.model.ssh import Connection
from provisioning.operations.run import seats as module
from provisioning.transport.ssh import connect
seat.RUN_LOCK, seat.PATIENCE, module._EVERY = sys.argv[2], int(sys.argv[3]), 0.5
held = module.Seats("ann@laptop run 1 (since then)", ["lvs1"])
connection = Connection.model_validate_json(sys.argv[1])
held.guard("lvs1", connect("lvs1", connection, base_dir=Path("/")))
print("held", flush=True)
time.sleep(600)
"""


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The host's lock and record; the host is this machine."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    monkeypatch.setattr(seat, "RUN_LOCK", str(tmp_path / "run.lock"))
    monkeypatch.setattr(seat, "STATE", str(tmp_path / "state"))
    monkeypatch.setattr(seat, "RECORD", str(tmp_path / "state/cluster.json"))
    return tmp_path


@pytest.fixture
def log_in(sshd: Sshd, tmp_path: Path) -> Iterator[Login]:  # noqa: F811
    opened: list[SSHTransport] = []

    def make(**settings: object) -> SSHTransport:
        opened.append(connect("lvs1", connection(sshd, **settings), base_dir=tmp_path))
        return opened[-1]

    yield make
    for transport in opened:
        transport.close()


@pytest.fixture
def control(sshd: Sshd, place: Path) -> Iterator[Callable[[int], subprocess.Popen[str]]]:  # noqa: F811
    """A run on another control machine, which holds the host."""
    begun: list[subprocess.Popen[str]] = []
    login: Connection = connection(sshd)

    def begin(patience: int) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                _CONTROL,
                login.model_dump_json(exclude_none=True, exclude_unset=True),
                str(place / "run.lock"),
                str(patience),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        begun.append(process)
        assert process.stdout and process.stdout.readline() == "held\n"
        return process

    yield begin
    for process in begun:
        process.kill()
        process.wait()


def test_the_second_is_refused_at_once_and_hears_who_it_is(
    log_in: Login, control: Callable[[int], subprocess.Popen[str]]
) -> None:
    control(90)
    began = time.monotonic()
    with pytest.raises(
        LockedError, match=r"ann@laptop run 1 \(since then\) is under way"
    ) as caught:
        Seats("bob", ["lvs1"]).guard("lvs1", log_in())
    assert time.monotonic() - began < 45
    assert "lvs1" in str(caught.value)


@pytest.mark.parametrize("user", ["root", "free", "asked", "pty"])
def test_released_at_the_end_for_whoever_comes_at_once(
    log_in: Login,
    user: str,
    place: Path,
    secret: Callable[[str], dict[str, str]],  # noqa: F811
) -> None:
    for number in range(3):
        settings: dict[str, object] = {"user": user}
        if user == "asked":
            settings["sudo_password"] = secret(PASSWORD)
        seats = Seats(f"run {number}", ["lvs1"])
        transport = seats.guard("lvs1", log_in(**settings))
        record = later(ClusterRecord(number), f"run {number}")
        seats.keep(record)
        assert from_text((place / "state/cluster.json").read_text()) == record
        assert transport.run("echo 你好").stdout == "你好\n".encode()
        assert seats.held == ["lvs1"]
        # As of hundreds of hosts: longer than a terminal's line, and than a pipe holds.
        members = {f"rs{number}": token_hex(400) for number in range(300)}
        last = later(replace(record, members=members), f"run {number}")
        assert seats.close(last)
        assert from_text((place / "state/cluster.json").read_text()) == last
    assert (place / "state").stat().st_mode & 0o777 == 0o700
    assert (place / "state/cluster.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_run_that_dies_leaves_no_lock(
    log_in: Login, control: Callable[[int], subprocess.Popen[str]], how: signal.Signals
) -> None:
    process = control(90)
    process.send_signal(how)
    process.wait(30)
    let_in(Seats("bob", ["lvs1"]), "lvs1", log_in)


def test_a_machine_that_says_nothing_any_more_is_given_up_by_the_hosts_clock(
    log_in: Login, control: Callable[[int], subprocess.Popen[str]]
) -> None:
    """Its connection looks open, as after a power cut or behind a cut network."""
    process = control(2)
    os.kill(process.pid, signal.SIGSTOP)
    let_in(Seats("bob", ["lvs1"]), "lvs1", log_in)


def test_one_that_speaks_keeps_its_seat(
    log_in: Login, control: Callable[[int], subprocess.Popen[str]]
) -> None:
    # It speaks twice a second: that often it may be late on a busy machine.
    control(8)
    end = time.monotonic() + 12
    while time.monotonic() < end:
        with pytest.raises(LockedError):
            Seats("bob", ["lvs1"]).guard("lvs1", log_in())


def test_a_run_that_lost_its_hold_touches_nothing(
    log_in: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seats_module, "_EVERY", 0.2)
    seats = Seats("ann", ["lvs1"])
    director = log_in()
    seats.guard("lvs1", director)
    server = seats.guard("rs1", log_in())
    assert server.run("echo yes").stdout == b"yes\n"
    director.close()
    end = time.monotonic() + 30
    while seats.held:
        assert time.monotonic() < end
        time.sleep(0.05)
    with pytest.raises(LostSeatError, match="lvs1: no longer held"):
        seats.keep(later(ClusterRecord(), "ann"))
    with pytest.raises(LostSeatError, match="lost its hold"):
        server.run("echo no")
    # It can be held again, unless another has changed the cluster meanwhile.
    seats.record = later(ClusterRecord(), "ann")
    let_in(seats, "lvs1", log_in)
    assert server.run("echo yes").stdout == b"yes\n"
    seats.close()
    other = Seats("bob", ["lvs1"])
    other.guard("lvs1", log_in())
    other.keep(later(later(seats.record, "bob"), "bob"))
    other.close()
    with pytest.raises(LockedError, match="bob has changed it meanwhile"):
        seats.guard("lvs1", log_in())
