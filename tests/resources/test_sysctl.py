import pytest

from provisioning.resources.base import Observation
from provisioning.resources.sysctl import Sysctl
from tests.resources.host import Host
from tests.resources.invariants import assert_cycle

ARP_IGNORE = Sysctl(key="net/ipv4/conf/lo/arp_ignore", value="1")


def value(host: Host, key: str) -> str:
    return host.must(f"cat /proc/sys/{key}").strip()


def test_there_and_back(isolated_host: Host) -> None:
    assert_cycle(isolated_host, ARP_IGNORE)
    assert value(isolated_host, ARP_IGNORE.path) == "0"
    assert isolated_host.deploy(ARP_IGNORE) == ["0 -> 1"]
    assert value(isolated_host, ARP_IGNORE.path) == "1"
    two = Sysctl(key=ARP_IGNORE.key, value="2")
    run = isolated_host.begin()
    change = isolated_host.change(two)
    assert change is not None
    isolated_host.must(change.apply, run)
    isolated_host.must(change.undo, run)
    assert value(isolated_host, ARP_IGNORE.path) == "1"
    isolated_host.must(two.remove())
    assert value(isolated_host, ARP_IGNORE.path) == "0"


def test_blanks_and_tabs_are_the_same(isolated_host: Host) -> None:
    ports = Sysctl(key="net.ipv4.ip_local_port_range", value="20000   50000")
    assert_cycle(isolated_host, ports)
    isolated_host.deploy(ports)
    assert value(isolated_host, ports.path) == "20000\t50000"


def test_an_interface_with_a_dot_in_its_name(isolated_host: Host) -> None:
    isolated_host.must("ip link add eth0.100 type dummy || ip link add eth0.100 type bridge")
    assert_cycle(isolated_host, Sysctl(key="net/ipv4/conf/eth0.100/arp_announce", value="2"))


def test_a_parameter_that_is_not_there_yet_fails_when_it_stays_away(isolated_host: Host) -> None:
    change = isolated_host.change(Sysctl(key="net.ipv4.vs_not_here", value="1"))
    assert change is not None
    assert change.summary == "1 (not there yet)"
    run = isolated_host.begin()
    failed = isolated_host.run(change.apply, run)
    assert failed.status != 0
    assert "net/ipv4/vs_not_here: this kernel has no such parameter" in failed.stderr
    isolated_host.must(change.undo, run)


def test_a_value_the_kernel_refuses_is_named_and_the_old_one_stays(isolated_host: Host) -> None:
    change = isolated_host.change(Sysctl(key=ARP_IGNORE.key, value="many"))
    assert change is not None
    run = isolated_host.begin()
    failed = isolated_host.run(change.apply, run)
    assert failed.status != 0
    assert "net/ipv4/conf/lo/arp_ignore: the kernel refuses the value many" in failed.stderr
    isolated_host.must(change.undo, run)
    assert value(isolated_host, ARP_IGNORE.path) == "0"


def test_a_value_the_kernel_bends_is_named(isolated_host: Host) -> None:
    # Stands for parameters that are clamped: this one is read back in another spelling.
    bent = Sysctl(key=ARP_IGNORE.key, value="0x2")
    change = isolated_host.change(bent)
    assert change is not None
    failed = isolated_host.run(change.apply, isolated_host.begin())
    assert failed.status != 0
    assert "the kernel made 2 of the value 0x2" in failed.stderr


@pytest.mark.parametrize("key", ["", "net/../../etc/passwd", "/net/ipv4", "net//ipv4", "a\nb"])
def test_wrong_keys_are_refused(key: str) -> None:
    with pytest.raises(ValueError, match="sysctl"):
        Sysctl(key=key, value="1")


def test_comparing_needs_no_host() -> None:
    wanted = Sysctl(key="net.ipv4.tcp_rmem", value="1 2 3")
    assert wanted.compare(Observation("value\n1\t2\t3\n", "", 0)) is None
    assert wanted.compare(Observation("value\n1\t2\t4\n", "", 0)) is not None
