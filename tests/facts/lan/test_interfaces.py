"""Interfaces as iproute2 prints them, and the holder of a VIP."""

from ipaddress import ip_address

import pytest

from provisioning.facts.fact import Answers
from provisioning.facts.lan.interfaces import InterfacesFormatError, parse_interfaces
from provisioning.facts.lan.vip_holder import holders, interfaces_of_any
from provisioning.resources.base import Observation
from tests.facts.recordings import recorded


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


def test_a_vip_on_lo_is_not_held() -> None:
    director = parse_interfaces(recorded("ip-address.json"))
    on_lo = tuple(bound for bound in director.addresses if bound.interface == "lo")
    real_server = type(director)(director.macs, on_lo)
    vip = ip_address("10.77.0.100")
    assert real_server.on_lo(vip)
    assert holders({"rs1": real_server, "lvs1": director}, [vip]) == ["lvs1"]
    assert holders({"lvs1": director}, [ip_address("10.77.0.101")]) == []


def test_a_host_without_iproute2_holds_nothing() -> None:
    missing = Answers({"interfaces": Observation("", "sh: ip: not found", 127)})
    assert holders({"new": interfaces_of_any(missing)}, [ip_address("10.77.0.100")]) == []
