"""The lab's LAN: a switch and its cables, all inside network namespaces of the lab.

Nothing is ever made in the host's own network namespace, so there is nothing to undo there.
"""

from collections.abc import Iterator
from pathlib import Path

from .commands import run
from .topology import INTERFACE, Kernel, Lan, Node, Topology

_NAMESPACES = Path("/run/netns")
_SWITCH = "lan"


def prefix(lab: str) -> str:
    """Return what the names of all of a lab's namespaces begin with. A lab's name has no hyphen."""
    return f"cosylab-{lab}-"


def switch_namespace(lab: str) -> str:
    """The namespace that holds the switch and the machines' taps."""
    return prefix(lab) + _SWITCH


def namespace(lab: str, node: Node) -> str:
    """The network namespace a machine's process runs in."""
    return prefix(lab) + node.name if node.kernel is Kernel.NAMESPACE else switch_namespace(lab)


def create(topology: Topology) -> None:
    """Make the namespaces, the switch and a port for every machine, named like the machine.

    Raises LabError with what ip(8) said if the kernel refuses.
    """
    switch = switch_namespace(topology.name)
    spaces = dict.fromkeys([switch, *(namespace(topology.name, n) for n in topology.nodes)])
    for space in spaces:
        run(["ip", "netns", "add", space])
    # Where br_netfilter is loaded, frames would pass through the host's IP tables code.
    settings = [f"net.bridge.bridge-nf-call-{table}=0" for table in ("ip", "ip6", "arp")]
    tables = [setting.replace("=", "tables=") for setting in settings]
    run(["ip", "netns", "exec", switch, "sysctl", "-eqw", *tables])
    run(["ip", "-n", switch, "-batch", "-"], "\n".join(_switch_commands(topology)))
    for node in topology.nodes:
        if node.kernel is Kernel.NAMESPACE:
            commands = "\n".join(_interface_commands(topology.lan, node))
            run(["ip", "-n", namespace(topology.name, node), "-batch", "-"], commands)


def existing(lab: str) -> list[str]:
    """The namespaces of a lab that are there."""
    if not _NAMESPACES.is_dir():
        return []
    return sorted(e.name for e in _NAMESPACES.iterdir() if e.name.startswith(prefix(lab)))


def identity(space: str) -> tuple[int, int]:
    """Device and inode of a namespace, as /proc/PID/ns/net shows them (namespaces(7))."""
    status = (_NAMESPACES / space).stat()
    return status.st_dev, status.st_ino


def remove(lab: str) -> None:
    """Delete the lab's namespaces; switch, taps and cables go with them."""
    for space in existing(lab):
        run(["ip", "netns", "delete", space])


def _switch_commands(topology: Topology) -> Iterator[str]:
    lan = topology.lan
    yield "link set lo up"
    # A plain switch: no spanning tree to wait for, no multicast snooping to hide VRRP adverts.
    yield f"link add {_SWITCH} type bridge stp_state 0 forward_delay 0 mcast_snooping 0"
    yield f"address add {lan.control}/{lan.network.prefixlen} brd + dev {_SWITCH}"
    yield f"link set {_SWITCH} up"
    for node in topology.nodes:
        if node.kernel is Kernel.UML:
            yield f"tuntap add dev {node.name} mode tap"
        else:
            peer = namespace(topology.name, node)
            yield (
                f"link add {node.name} type veth"
                f" peer name {INTERFACE} address {node.mac} netns {peer}"
            )
        yield f"link set {node.name} master {_SWITCH} up"


def _interface_commands(lan: Lan, node: Node) -> Iterator[str]:
    yield "link set lo up"
    yield f"address add {node.address}/{lan.network.prefixlen} brd + dev {INTERFACE}"
    yield f"link set {INTERFACE} up"
