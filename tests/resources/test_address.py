import pytest

from provisioning.resources.address import Address
from provisioning.resources.base import UnobservableError
from tests.resources.host import Host
from tests.resources.invariants import assert_cycle


@pytest.mark.parametrize("address", ["10.77.0.100/32", "2001:DB8:0::100/128"])
def test_there_and_back(isolated_host: Host, address: str) -> None:
    isolated_host.must("ip link set lo up")
    vip = Address(address=address, interface="lo")
    assert_cycle(isolated_host, vip)
    assert isolated_host.deploy(vip) == ["bind to lo"]
    shown = isolated_host.must("ip -o address show dev lo")
    assert vip.normal in shown
    assert "tentative" not in shown


def test_another_prefix_length_is_replaced_and_put_back(isolated_host: Host) -> None:
    isolated_host.must("ip address add 10.77.0.100/24 dev lo; ip address add 10.77.0.10/32 dev lo")
    vip = Address(address="10.77.0.100/32", interface="lo")
    change = isolated_host.change(vip)
    assert change is not None
    assert change.summary == "10.77.0.100/24 -> 10.77.0.100/32"
    assert change.disturbs
    assert_cycle_of_addresses(isolated_host, vip)
    isolated_host.deploy(vip)
    shown = isolated_host.must("ip -o address show dev lo")
    assert "10.77.0.100/24" not in shown
    assert "10.77.0.10/32" in shown


def assert_cycle_of_addresses(host: Host, vip: Address) -> None:
    """As ``assert_cycle``, but the kernel lists addresses in the order in which they came."""

    def bound() -> list[str]:
        return sorted(line.split()[3] for line in host.observe(vip).stdout.splitlines()[1:])

    before, run = bound(), host.begin()
    change = host.change(vip)
    assert change is not None
    host.must(change.apply, run)
    assert host.change(vip) is None
    host.must(change.undo, run)
    assert bound() == before
    host.deploy(vip)
    assert host.change(vip) is None
    host.must(vip.remove())
    assert bound() == before


def test_one_that_was_bound_before_stays(isolated_host: Host) -> None:
    isolated_host.must("ip address add 10.77.0.100/32 dev lo")
    vip = Address(address="10.77.0.100/32", interface="lo")
    assert isolated_host.deploy(vip) == []
    isolated_host.must(vip.remove())
    assert "10.77.0.100/32" in isolated_host.must("ip -o address show dev lo")


def test_a_missing_interface_is_named_with_those_there_are(isolated_host: Host) -> None:
    with pytest.raises(UnobservableError, match=r"no interface eth9 here, only .*lo"):
        isolated_host.change(Address(address="10.77.0.100/32", interface="eth9"))


def test_what_is_gone_already_is_no_error(isolated_host: Host) -> None:
    vip = Address(address="10.77.0.100/32", interface="lo")
    isolated_host.deploy(vip)
    isolated_host.must("ip address del 10.77.0.100/32 dev lo")
    isolated_host.must(vip.remove())


@pytest.mark.parametrize(
    ("address", "interface"), [("10.77.0.100", "lo"), ("10.77.0.300/32", "lo"), ("::1/128", "a b")]
)
def test_wrong_parts_are_refused(address: str, interface: str) -> None:
    with pytest.raises(ValueError):
        Address(address=address, interface=interface)
