"""Answers of programs that are not there in a test, as they print them."""

from ipaddress import ip_address

import pytest

from provisioning.facts.machine.clock_keeping import CLOCK_KEEPING, ClockKeeping
from provisioning.facts.machine.default_routes import (
    DEFAULT_ROUTES,
    DefaultRoute,
    RoutesFormatError,
)
from provisioning.facts.machine.ipvs_owners import VIRTUAL_SERVICES
from provisioning.facts.machine.listeners import Listener, listeners
from tests.facts.recordings import printed

_IP_VS = """\
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
TCP  0A4D0064:1EB4 rr  persistent 3600
  -> 0A4D0015:1EB4      Route   1      0          0
UDP  [fd00:0077:0000:0000:0000:0000:0000:0064]:0035 wlc
FWM  00000001 rr
  -> 0A4D0016:1EB4      Masq    1      0          0
"""


def test_virtual_services_of_the_kernels_own_file() -> None:
    assert VIRTUAL_SERVICES.parse(printed(_IP_VS)) == (
        ("TCP", ip_address("10.77.0.100"), 7860),
        ("UDP", ip_address("fd00:77::64"), 53),
    )


def test_default_routes_with_and_without_a_gateway() -> None:
    said = '[{"dst":"default","gateway":"10.9.0.1","dev":"eth0","flags":[]},'
    said += '{"dst":"default","dev":"tun0","scope":"link","flags":[]}]'
    assert DEFAULT_ROUTES.parse(printed(said)) == (
        DefaultRoute("eth0", ip_address("10.9.0.1")),
        DefaultRoute("tun0", None),
    )
    assert DEFAULT_ROUTES.parse(printed("")) == ()
    with pytest.raises(RoutesFormatError):
        DEFAULT_ROUTES.parse(printed("default via 10.9.0.1"))


def test_the_clocks_keeper() -> None:
    said = "CanNTP=yes\nNTP=yes\nNTPSynchronized=yes\nRuns=systemd-timesyncd\n"
    assert CLOCK_KEEPING.parse(printed(said)) == ClockKeeping(("systemd-timesyncd",), True, True)
    assert CLOCK_KEEPING.parse(printed("")) == ClockKeeping((), None, False)


def test_listeners_of_all_kinds() -> None:
    rows = [
        "LISTEN 0 4096 [::ffff:10.9.0.2]:7860 *:* "
        'users:(("python",pid=1,fd=3))\tcosyvoice.service\t/opt\tx',
        "LISTEN 0 64 0.0.0.0:2049 0.0.0.0:*\t\t",
        "LISTEN 0 4096 127.0.0.53%lo:53 0.0.0.0:* "
        'users:(("systemd-resolve",pid=9,fd=4))\tr.service\t/\t/r',
        "what?",
    ]
    found = listeners([7860]).parse(printed("\n".join(rows) + "\n"))
    assert [(one.address, one.port, one.program) for one in found] == [
        ("::ffff:10.9.0.2", 7860, "python"),
        ("0.0.0.0", 2049, ""),
        ("127.0.0.53", 53, "systemd-resolve"),
    ]
    assert found[0] == Listener("::ffff:10.9.0.2", 7860, "python", "cosyvoice.service", "/opt", "x")
