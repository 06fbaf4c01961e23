"""A director that takes over breaks no connection that it is still being told of: real kernel, in a
network namespace."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from provisioning.engine.script import observe_script
from provisioning.model.inventory import Inventory
from provisioning.operations.switchover.held_resets import hold_resets

_TRY = """
import socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), float(sys.argv[3])).close()
except OSError as error:
    print(type(error).__name__)
"""
_VIP, _VIP6 = "10.9.0.100", "fd00:9::100"


def inventory(**more: Any) -> Inventory:
    content: dict[str, Any] = {
        "vips": [f"{_VIP}/24", f"{_VIP6}/64"],
        "interface": "eth0",
        "directors": {
            "hosts": {
                "lvs1": {"address": "10.9.0.11", "address6": "fd00:9::11"},
                "lvs2": {"address": "10.9.0.12", "address6": "fd00:9::12"},
            }
        },
        "real_servers": {"hosts": {"rs1": {"address": "10.9.0.101", "address6": "fd00:9::101"}}},
    }
    return Inventory.model_validate(content | more)


class Segment:
    """A director, whose reverse paths are filtered, and a client."""

    def __init__(self, stack: ExitStack) -> None:
        self._director, self._client = (self._place(stack) for _ in range(2))
        link = f"ip link add eth0 type veth peer name away netns {self._client}"
        self.run(f"{link} && ip link set eth0 up")
        self.run("echo 1 > /proc/sys/net/ipv4/conf/all/rp_filter")
        self.run("ip address add 10.9.0.12/24 dev eth0")
        self.run("ip address add fd00:9::12/64 dev eth0 nodad")
        addresses = (
            "ip address add 10.9.0.201/24 dev away && ip address add fd00:9::201/64 dev away"
        )
        self._in(self._client, "sh", "-c", f"ip link set away up && {addresses} nodad")

    def run(self, script: str) -> str:
        """Output of a script on the director."""
        return self._in(self._director, "sh", "-c", script)

    @property
    def rules(self) -> list[str]:
        """Those by which resets are held."""
        both = self.run("ip -4 rule; ip -6 rule").splitlines()
        return [line for line in both if "blackhole" in line]

    def await_no_rules(self) -> None:
        end = time.monotonic() + 60
        while self.rules:
            assert time.monotonic() < end, self.rules
            time.sleep(0.1)

    def connect(self, vip: str, port: int = 7860) -> str:
        """How the client's attempt ends at a port where nobody listens."""
        return self._in(self._client, "python3", "-c", _TRY, vip, str(port), "0.5")

    @staticmethod
    def _place(stack: ExitStack) -> int:
        command = ["unshare", "--net", "sh", "-c", "ip link set lo up && echo; read end"]
        holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        stack.enter_context(holder)
        assert holder.stdin and holder.stdout
        stack.callback(holder.stdin.close)
        if not holder.stdout.readline():
            pytest.skip("this machine lets nobody make namespaces")
        return holder.pid

    @staticmethod
    def _in(place: int, *argv: str) -> str:
        command = ["nsenter", f"--target={place}", "--net", "--", *argv]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return done.stdout.strip()


@pytest.fixture
def segment() -> Iterator[Segment]:
    with ExitStack() as stack:
        yield Segment(stack)


def held(wanted: Inventory) -> str:
    """Script of a director that is to hold resets."""
    return observe_script({"hold": hold_resets(wanted, "lvs2")}, "@mark@")


def test_it_says_nothing_for_a_moment_once_it_holds_the_vips(segment: Segment) -> None:
    # Twice, as after a switch-over that was cut.
    for _ in range(2):
        assert "@mark@ hold 0" in segment.run(held(inventory()))
    assert len(segment.rules) == 2
    segment.run(f"ip address add {_VIP}/24 dev eth0")
    assert segment.connect(_VIP) == "TimeoutError"
    # Another port is no service, and what the director has for itself is none of this.
    assert segment.connect(_VIP, 22) == "ConnectionRefusedError"
    assert segment.connect("10.9.0.12") == "ConnectionRefusedError"
    segment.run(f"ip address add {_VIP6}/64 dev eth0 nodad")
    assert segment.connect(_VIP6) == "TimeoutError"
    segment.await_no_rules()
    assert segment.connect(_VIP) == segment.connect(_VIP6) == "ConnectionRefusedError"


def test_the_rules_go_where_the_vips_never_come(segment: Segment) -> None:
    segment.run(held(inventory(vrrp={"advert_interval": 0.1})))
    assert segment.rules
    segment.await_no_rules()


def test_nothing_is_held_where_nothing_is_told_or_the_director_answers_itself() -> None:
    assert hold_resets(inventory(), "lvs2")
    assert not hold_resets(inventory(ipvs={"sync_daemon": None}), "lvs2")
    both = {"hosts": {"lvs2": {"address": "10.9.0.12", "address6": "fd00:9::12"}}}
    assert not hold_resets(inventory(real_servers=both), "lvs2")
