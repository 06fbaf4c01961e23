"""A node whose virtual IP is not on its host tells directors to leave it out."""

import os
import subprocess
import sys
from ipaddress import ip_address
from pathlib import Path

import pytest

from app.host.virtual_ips import asked_at, not_here
from tests.app.node_process import ROOT, running

_ASK = """
import sys
from ipaddress import ip_address
from app.host.virtual_ips import not_here
print(not_here(map(ip_address, sys.argv[1:])))
"""


def test_own_addresses_are_here_and_others_are_not() -> None:
    assert not_here([]) == ""
    assert not_here([ip_address("127.0.0.1")]) == ""
    others = [ip_address("192.0.2.100"), ip_address("2001:db8::100")]
    assert not_here(others) == "not bound on this host: 192.0.2.100, 2001:db8::100"


@pytest.mark.parametrize(
    ("server", "by_one"),
    [
        (("192.0.2.100", 7860), True),
        (("192.0.2.2", 7860), False),
        # A socket for both families.
        (("::ffff:192.0.2.100", 7860), True),
        (("2001:db8:0::100", 7860), True),
        (("fe80::1%eth0", 7860), False),
        (("/run/app.sock", None), False),
        (None, False),
    ],
)
def test_a_request_by_a_virtual_ip_is_told_from_others(server: object, by_one: bool) -> None:
    vips = (ip_address("192.0.2.100"), ip_address("2001:db8::100"))
    assert asked_at({"type": "http", "server": server}, vips) is by_one


@pytest.mark.skipif(os.geteuid() != 0, reason="makes networks")
@pytest.mark.parametrize(
    ("commands", "reason"),
    [
        (("ip address add {v4}/32 dev lo", "ip address add {v6}/128 dev lo nodad"), ""),
        (("ip address add {v4}/32 dev lo",), "{v6}"),
        # The kernel drops the IPv6 addresses of an interface that goes down.
        (
            (
                "ip address add {v4}/32 dev lo",
                "ip address add {v6}/128 dev lo nodad",
                "ip link set lo down",
            ),
            "{v6}",
        ),
        # As directors have it: any address can be bound to then.
        (("echo 1 > /proc/sys/net/ipv4/ip_nonlocal_bind",), "{v4}, {v6}"),
    ],
)
def test_what_the_kernel_would_deliver(commands: tuple[str, ...], reason: str) -> None:
    vips = {"v4": "192.0.2.100", "v6": "2001:db8::100"}
    script = "; ".join(("set -e; ip link set lo up", *commands, 'exec "$@"')).format(**vips)
    told = subprocess.run(
        ["unshare", "--net", "sh", "-c", script, "sh", sys.executable, "-c", _ASK, *vips.values()],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    assert told == (f"not bound on this host: {reason.format(**vips)}" if reason else "")


def test_a_node_without_its_virtual_ip_is_not_ready(tmp_path: Path) -> None:
    with running(tmp_path, COSYVOICE_VIRTUAL_IPS="127.0.0.1,192.0.2.100") as node:
        node.wait_until(
            lambda: node.get("/readyz").json()["reason"] == "not bound on this host: 192.0.2.100",
            60,
        )
        assert node.get("/readyz").status_code == 503
