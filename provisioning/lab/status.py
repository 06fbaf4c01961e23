"""The state of a lab: asked of the kernel and the machines' sshd, not of what was written down."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum

from . import forwarding, machines, processes, ssh_client
from .partition import cuts_of
from .processes import Process
from .requirements import ipvs_on_host
from .running import Lab
from .topology import Kernel, Node

_MIB = 1024 * 1024


class Condition(StrEnum):
    """The state of a machine's power."""

    UP = "up"
    STOPPED = "stopped"
    DOWN = "down"


@dataclass(frozen=True)
class NodeStatus:
    """One machine. Memory is in MiB: the most it may use (0: the host's), and what it uses."""

    name: str
    role: str
    debian: int | None
    """The release that a bare machine has of its own; None: it has the host's files."""
    kernel: str
    """The version of its own kernel, or that it is the host's."""
    address: str
    ssh_port: int
    memory: int
    memory_used: int
    pid: int | None
    condition: Condition
    ssh_answers: bool
    cuts: tuple[str, ...]


@dataclass(frozen=True)
class LabStatus:
    """A whole lab."""

    name: str
    network: str
    vip: str
    url: str
    inventory: str
    directors: str
    """The kernel that the directors run on, and why."""
    forwarder_pid: int | None
    nodes: tuple[NodeStatus, ...]


def status(lab: Lab) -> LabStatus:
    """Look at a lab now; takes at most about a second."""
    version = machines.uml_version()
    alive = processes.of_lab(lab.name)
    with ThreadPoolExecutor(max_workers=len(lab.topology.nodes)) as pool:
        answers = list(pool.map(ssh_client.answers, lab.record.ssh_ports.values()))
    nodes = [
        _node_status(lab, node, version, alive, ssh_answers)
        for node, ssh_answers in zip(lab.topology.nodes, answers, strict=True)
    ]
    forwarder = next((process.pid for process in alive if process.part == forwarding.PART), None)
    return LabStatus(
        name=lab.name,
        network=str(lab.topology.lan.network),
        vip=str(lab.topology.vip),
        url=lab.url,
        inventory=str(lab.inventory),
        directors=_directors(version, ipvs_on_host()),
        forwarder_pid=forwarder,
        nodes=tuple(nodes),
    )


def _directors(version: str, host_has_ipvs: bool) -> str:
    host = "has it too, but is not used" if host_has_ipvs else "has none loaded"
    return f"User Mode Linux {version} with its own IPVS (the host's kernel {host})"


def _node_status(
    lab: Lab, node: Node, version: str, alive: Sequence[Process], ssh_answers: bool
) -> NodeStatus:
    own = [process for process in alive if process.part == node.name]
    leader = next((process for process in own if process.is_leader), None)
    if leader is None:
        condition = Condition.DOWN
    else:
        condition = Condition.STOPPED if leader.is_stopped else Condition.UP
    return NodeStatus(
        name=node.name,
        role=node.role,
        debian=node.debian,
        kernel=version if node.kernel is Kernel.UML else "the host's",
        address=str(node.address),
        ssh_port=lab.record.ssh_ports[node.name],
        memory=node.memory,
        memory_used=leader.resident // _MIB if leader else 0,
        pid=leader.pid if leader else None,
        condition=condition,
        ssh_answers=ssh_answers,
        cuts=tuple(str(cut) for cut in cuts_of(node, lab.record.cuts)),
    )
