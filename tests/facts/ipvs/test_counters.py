"""Counters of virtual services as ipvsadm prints them."""

from ipaddress import ip_address

import pytest

from provisioning.facts.ipvs.counters import Counters, parse_counters
from provisioning.facts.ipvs.table import TableFormatError
from tests.facts.recordings import recorded


def test_counters_of_virtual_services() -> None:
    counters = parse_counters(recorded("ipvsadm-Ln-stats.txt"))
    assert len(counters) == 6
    assert counters[("TCP", ip_address("fd00:77::64"), 7860)] == Counters(0, 0, 0, 0, 0)
    after = Counters(12, 96, 0, 7200, 0)
    assert after.since(Counters(2, 16, 0, 1200, 0)) == Counters(10, 80, 0, 6000, 0)


def test_counters_without_exact_are_refused() -> None:
    with pytest.raises(TableFormatError, match="12K"):
        parse_counters("TCP  10.77.0.100:7860   12K   96  0  7200  0\n")
