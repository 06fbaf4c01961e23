"""Connections that a director tells of before it yields, in the kernel's own words."""

import socket
import struct
import subprocess
from pathlib import Path

import pytest

from provisioning.model.inventory import Inventory
from provisioning.operations.switchover import tell_connections
from provisioning.operations.switchover.connections_told import (
    tell_connections as told_by,
)
from provisioning.operations.switchover.tell_connections import (
    CONNECTIONS,
    entry,
    messages,
    tell,
)

_TABLE = """\
Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData
TCP 0A4D0032 A29C 0A4D0064 1EB4 0A4D0015 1EB4 ESTABLISHED    7199
TCP 0A4D0032 A29D 0A4D0064 1EB4 0A4D0016 1EB4 SYN_RECV         59
TCP 0A4D0032 A29E 0A4D0064 1EB4 0A4D0015 1EB4 FIN_WAIT        110
UDP 0A4D0032 A29F 0A4D0064 1EB4 0A4D0015 1EB4 UDP             110
TCP 0A4D0032 0000 0A4D0064 1EB4 0A4D0015 1EB4 NONE            300
TCP fd00:0000:0000:0000:0000:0000:0000:0032 A29C fd00:0000:0000:0000:0000:0000:0000:0064 1EB4 \
fd00:0000:0000:0000:0000:0000:0000:0015 1EB4 ESTABLISHED    7199
"""


def test_a_connection_is_what_the_kernel_takes_for_one() -> None:
    four = _TABLE.splitlines()[1]
    kind, protocol, size, flags, state, client, vip, server, mark, left = struct.unpack(
        "!BBHIHHHHII", entry(four)[:24]
    )
    assert (kind, protocol, size, len(entry(four))) == (0, socket.IPPROTO_TCP, 36, 36)
    assert (flags & 7, state, client, vip, server, mark, left) == (
        3, 1, 0xA29C, 7860, 7860, 0, 7199,
    )  # fmt: skip
    addresses = [socket.inet_ntoa(entry(four)[at : at + 4]) for at in (24, 28, 32)]
    assert addresses == ["10.77.0.50", "10.77.0.100", "10.77.0.21"]
    six = entry(_TABLE.splitlines()[-1])
    assert (six[0], len(six), struct.unpack("!H", six[2:4])[0]) == (1, 72, 72)
    assert socket.inet_ntop(socket.AF_INET6, six[24:40]) == "fd00::32"


@pytest.mark.parametrize("count", [1, 38, 39, 300])
def test_messages_hold_all_of_them_and_fit_a_packet(count: int) -> None:
    one = entry(_TABLE.splitlines()[1])
    found = list(messages([one] * count, 51))
    assert sum(message[4] for message in found) == count
    for message in found:
        reserved, syncid, size, number, version, spare = struct.unpack("!BBHBbH", message[:8])
        assert (reserved, syncid, version, spare) == (0, 51, 1, 0)
        assert size == len(message) == 8 + 36 * number <= 1472


def test_each_is_told_of_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = tmp_path / "connections"
    monkeypatch.setattr(tell_connections, "CONNECTIONS", table)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    told: set[str] = set()
    with ours, theirs:
        table.write_text(_TABLE)
        assert tell(ours, 51, told) == 3
        assert theirs.recv(2000)[4] == 3
        table.write_text(_TABLE.replace("A29D", "A2A0").replace("7199", "7100"))
        assert tell(ours, 51, told) == 1
        assert theirs.recv(2000)[4] == 1


def test_who_waits_for_what_it_prints_does_not_wait_for_its_end(
    two_directors: Inventory, tmp_path: Path
) -> None:
    table = tmp_path / "connections"
    table.write_text(_TABLE)
    here = {'"eth0"': '"lo"', str(CONNECTIONS): str(table), "10.77.0.100": "127.0.0.1"}
    text = told_by(two_directors, "lvs1")
    for theirs, ours in here.items():
        text = text.replace(theirs, ours)
    done = subprocess.run(
        ["sh", "-eu", "-c", text], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "connections told of: 3\n", "")


def test_a_host_that_cannot_tell_yields_all_the_same(two_directors: Inventory) -> None:
    text = told_by(two_directors, "lvs1")
    done = subprocess.run(
        ["sh", "-eu", "-c", text.replace('"eth0"', '"none0"')],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (0, "connections told of: none\n")


@pytest.fixture
def two_directors() -> Inventory:
    return Inventory.model_validate(
        {
            "vip": "10.77.0.100/24",
            "interface": "eth0",
            "directors": {"hosts": {"lvs1": "10.77.0.11", "lvs2": "10.77.0.12"}},
            "real_servers": {"hosts": {"rs1": "10.77.0.21"}},
        }
    )
