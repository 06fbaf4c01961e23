"""The kernel's table as ipvsadm prints it."""

from ipaddress import ip_address

import pytest

from provisioning.facts.ipvs.table import (
    IPVS_TABLE,
    NoTableError,
    TableFormatError,
    TableServer,
    parse_table,
)
from provisioning.resources.base import Observation
from tests.facts.recordings import recorded


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


def test_a_kernel_without_a_table_tells_why() -> None:
    failed = Observation("", "Can't initialize ipvs: Protocol not available\n", 2)
    with pytest.raises(NoTableError, match="Protocol not available"):
        IPVS_TABLE.parse(failed)
    with pytest.raises(NoTableError, match="status 127"):
        IPVS_TABLE.parse(Observation("", "", 127))
