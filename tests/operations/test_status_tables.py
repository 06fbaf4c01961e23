"""Reading the kernel's tables, interfaces and mounts as real programs print them."""

from ipaddress import ip_address
from pathlib import Path

import pytest

from provisioning.operations.ipvs_table import (
    Counters,
    TableFormatError,
    TableServer,
    parse_counters,
    parse_table,
)
from provisioning.operations.status.interfaces import InterfacesFormatError, parse_interfaces
from provisioning.operations.status.mounts import Mounted, find_mount

RECORDED = Path(__file__).parent / "recorded"


def recorded(name: str) -> str:
    return (RECORDED / name).read_text(encoding="utf-8")


def test_a_table_with_every_kind_of_service() -> None:
    table = {
        str(one.address) + f":{one.port}": one for one in parse_table(recorded("ipvsadm-Ln.txt"))
    }
    assert list(table) == [
        "10.77.0.100:80",
        "10.77.0.100:443",
        "10.77.0.100:7860",
        "10.77.0.101:7860",
        "10.77.0.100:53",
        "fd00:77::64:7860",
    ]
    https = table["10.77.0.100:443"]
    assert (https.scheduler, https.persistence, https.granularity) == ("sh", 3600, 24)
    assert https.flags == {"sh-fallback", "sh-port"}
    assert [(s.forward, s.weight) for s in https.servers] == [("Route", 100), ("Masq", 0)]
    web = table["10.77.0.100:7860"]
    assert web.persistence is None and not web.flags
    assert web.servers[2] == TableServer(ip_address("10.77.0.23"), 7860, "Route", 1, 0, 0)
    assert table["10.77.0.101:7860"].persistence == 360
    assert table["10.77.0.100:53"].protocol == "UDP"


def test_ipv6_services_and_servers() -> None:
    six = parse_table(recorded("ipvsadm-Ln.txt"))[-1]
    assert six.key == ("TCP", ip_address("fd00:77::64"), 7860)
    assert (six.persistence, six.granularity) == (60, 64)
    assert [(str(s.address), s.weight) for s in six.servers] == [
        ("fd00:77::15", 65535),
        ("fd00:77:1234:5678:9abc:def0:1234:5678", 5),
    ]


def test_an_empty_table_is_no_services() -> None:
    head = "".join(recorded("ipvsadm-Ln.txt").splitlines(keepends=True)[:3])
    assert parse_table(head) == ()


@pytest.mark.parametrize(
    "text",
    [
        "TCP  10.77.0.100 rr\n",
        "TCP  10.77.0.100:7860 rr\n  -> 10.77.0.21:7860 Route 1\n",
        "TCP  10.77.0.100:7860 rr\n  -> 10.77.0.21:7860 Route one 0 0\n",
        "ipvsadm: command not found\n",
    ],
)
def test_what_is_no_table_is_refused_with_the_line(text: str) -> None:
    with pytest.raises(TableFormatError) as error:
        parse_table(text)
    assert text.split()[-1] in str(error.value) or "10.77.0.100" in str(error.value)


def test_counters_of_virtual_services() -> None:
    counters = parse_counters(recorded("ipvsadm-Ln-stats.txt"))
    assert len(counters) == 6
    assert counters[("TCP", ip_address("fd00:77::64"), 7860)] == Counters(0, 0, 0, 0, 0)
    after = Counters(12, 96, 0, 7200, 0)
    assert after.since(Counters(2, 16, 0, 1200, 0)) == Counters(10, 80, 0, 6000, 0)


def test_counters_without_exact_are_refused() -> None:
    with pytest.raises(TableFormatError, match="12K"):
        parse_counters("TCP  10.77.0.100:7860   12K   96  0  7200  0\n")


def test_interfaces_and_who_offers_an_address() -> None:
    interfaces = parse_interfaces(recorded("ip-address.json"))
    assert interfaces.macs == {"eth0": "3a:20:ab:f1:fd:b5"}
    vip, own = ip_address("10.77.0.100"), ip_address("10.77.0.11")
    assert [bound.interface for bound in interfaces.holding(vip)] == ["lo", "eth0"]
    assert interfaces.on_lo(vip) and interfaces.offers(vip)
    assert interfaces.offers(own) and not interfaces.on_lo(own)
    assert not interfaces.offers(ip_address("127.0.0.1"))
    assert interfaces.offers(ip_address("fd00:77::11"))


def test_what_is_no_interface_list_is_refused() -> None:
    with pytest.raises(InterfacesFormatError, match="Object"):
        parse_interfaces('Object "-j" is unknown, try "ip help".\n')


def test_the_last_mount_on_a_folder_is_the_one_in_force() -> None:
    text = (
        "22 1 0:20 / / rw,relatime - ext4 /dev/vda1 rw\n"
        "40 22 0:35 / /srv/out\\040puts rw,noatime shared:5 - nfs4 10.77.0.31:/ rw,vers=4.2\n"
        "41 22 0:36 / /srv/other ro - ext4 /dev/vdb rw\n"
        "42 40 0:37 / /srv/out\\040puts rw - nfs4 10.77.0.32:/x ro,vers=4.2\n"
    )
    assert find_mount(text, "/srv/out puts") == Mounted("10.77.0.32:/x", "nfs4", False)
    assert find_mount(text, "/srv/other") == Mounted("/dev/vdb", "ext4", False)
    assert find_mount(text, "/") == Mounted("/dev/vda1", "ext4", True)
    assert find_mount(text, "/srv") is None
