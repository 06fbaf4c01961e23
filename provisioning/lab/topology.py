"""The parts of a lab: machines, their names, addresses and sizes. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network

from ..model.edge import Edges
from ..model.service import VirtualService
from ..roles.director.director import DIRECTORS
from ..roles.edge.edge import EDGES
from ..roles.machines import Machines
from ..roles.registry import ROLES
from .errors import LabUsageError

INTERFACE = "vec0"
"""The network interface of every machine; User Mode Linux gives no choice of name."""
DEFAULT_NETWORK = IPv4Network("10.77.0.0/24")
LOGIN_USER = "ops"
"""The account with sudo that every machine has."""
_WEB_PORT = VirtualService().port
_EDGE_PORT = int(Edges.model_fields["port"].default)
_BARE_MEMORY = 512
MOST_PER_ROLE = 9
"""Each role has ten addresses of the LAN set aside, the first of which may be the round one."""


CLIENTS = Machines(
    kind="client", prefix="client", first=50, least=1, number=1, memory=0, own_kernel=False
)
"""Machines without a role, that look at the cluster from outside."""


def kinds() -> dict[str, Machines]:
    """Kinds of machines by the key of their group in the inventory."""
    found = {role.key: role.machines for role in ROLES if role.machines is not None}
    return {**found, "clients": CLIENTS}


class Kernel(StrEnum):
    """The owner of the kernel that a machine runs on."""

    UML = "uml"
    """Its own, as a process (User Mode Linux): IPVS, NFS and reboots are its own as well."""
    NAMESPACE = "namespace"
    """The host's, in namespaces: native speed."""


@dataclass(frozen=True)
class Lan:
    """The one network of a lab. It exists in a network namespace only."""

    network: IPv4Network = DEFAULT_NETWORK

    def address(self, number: int) -> IPv4Address:
        """The address that ends in ``number``."""
        return self.network.network_address + number

    @property
    def control(self) -> IPv4Address:
        """Return where connections from the host come from (the switch's own address)."""
        return self.address(1)

    @property
    def vip(self) -> IPv4Address:
        """The virtual IP the inventory asks for. No machine has it until it is deployed."""
        return self.address(100)


@dataclass(frozen=True)
class Node:
    """One machine. ``memory`` is in MiB; 0 is the host's."""

    name: str
    role: str
    """Its kind (``Machines.kind``)."""
    address: IPv4Address
    memory: int
    debian: int | None = None
    """The release it has of its own, on a disk of its own; None: the host's files."""
    shares_kernel: bool = False
    """True for a bare machine on the host's kernel."""

    @property
    def kernel(self) -> Kernel:
        """Clients look at the cluster from outside and need no kernel of their own."""
        shared = self.shares_kernel or self.role == CLIENTS.kind
        return Kernel.NAMESPACE if shared else Kernel.UML

    @property
    def mac(self) -> str:
        """A locally administered address (IEEE 802) that shows the IPv4 address in hexadecimal."""
        return "02:00:" + self.address.packed.hex(":")


class Size:
    """The number of machines of each kind, and how much memory (MiB) each has.

    By keyword, where it is not the usual: ``Size(real_servers=2, real_server_memory=512)``.
    """

    def __init__(self, **given: int) -> None:
        left = dict(given)
        self.numbers = {key: left.pop(key, kind.number) for key, kind in kinds().items()}
        self.memory = {
            key: left.pop(memory_key(kind), kind.memory) for key, kind in kinds().items()
        }
        if left:
            raise TypeError(f"unknown: {', '.join(left)}")

    @classmethod
    def bare(cls, **given: int) -> "Size":
        """The same, with the usual memory of bare machines."""
        usual = {memory_key(kind): bare_memory(kind) for kind in kinds().values()}
        return cls(**{**usual, **given})


def memory_key(kind: Machines) -> str:
    """The keyword for the memory of such machines."""
    return f"{kind.kind.replace(' ', '_')}_memory"


def bare_memory(kind: Machines) -> int:
    """MiB of a bare machine of this kind, without an option: systemd takes 150 of them, apt 100
    while it installs."""
    return kind.memory and max(kind.memory, _BARE_MEMORY)


@dataclass(frozen=True)
class Topology:
    """All machines of one lab and the LAN that joins them."""

    name: str
    lan: Lan
    nodes: tuple[Node, ...]

    def node(self, name: str) -> Node:
        """The machine of that name.

        Raises LabUsageError, with the names there are, if there is none.
        """
        for node in self.nodes:
            if node.name == name:
                return node
        names = ", ".join(node.name for node in self.nodes)
        raise LabUsageError(f"The lab has no machine {name!r}. It has: {names}.")

    def of_kind(self, kind: Machines) -> list[Node]:
        """The machines of one kind, in order."""
        return [node for node in self.nodes if node.role == kind.kind]

    @property
    def vip(self) -> IPv4Address:
        """The VIP that clients ask by: the directors'; of edges, where these are alone."""
        alone = self._edges_alone
        return self.lan.vip if alone is None else self.lan.address(alone)

    @property
    def web_port(self) -> int:
        """The port there that the app is behind."""
        return _WEB_PORT if self._edges_alone is None else _EDGE_PORT

    @property
    def _edges_alone(self) -> int | None:
        """Last number of the edges' VIP, where no director has one."""
        every = kinds()
        if self.of_kind(every[DIRECTORS.key]) or not self.of_kind(every[EDGES.key]):
            return None
        return every[EDGES.key].vip

    @property
    def debian(self) -> list[int]:
        """The releases that bare machines have; none if no machine is bare."""
        return sorted({node.debian for node in self.nodes if node.debian})

    @property
    def memory(self) -> int:
        """MiB that all machines together may come to use."""
        return sum(node.memory for node in self.nodes)


_LEAST_MEMORY = 96


def plan(
    name: str = "lab",
    size: Size | None = None,
    lan: Lan | None = None,
    debian: Sequence[int] = (),
    shared_kernel: bool = False,
) -> Topology:
    """Lay out a lab; with releases in ``debian`` of bare machines, each role's having them in turn.
    With ``shared_kernel`` those of them that can do so are on the host's.

    Raises LabUsageError for a name, number, memory size or network that cannot be.
    """
    size = size or (Size.bare() if debian else Size())
    lan = lan or Lan()
    if lan.network.prefixlen != 24:
        raise LabUsageError(f"The lab's network {lan.network} must be a /24, such as 10.77.0.0/24.")
    nodes = tuple(_nodes(size, lan, debian, shared_kernel))
    if not size.numbers[DIRECTORS.key] and not size.numbers[EDGES.key]:
        raise LabUsageError(
            "A lab needs a way in: directors, or edges alone (--directors 0 --edges 2)."
        )
    if any(node.shares_kernel for node in nodes) and size.numbers["storage"]:
        raise LabUsageError(
            "Real servers that share this computer's kernel cannot mount the storage host's folder:"
            " use --storage 0 with --shared-kernel."
        )
    return Topology(checked_name(name), lan, nodes)


def checked_name(name: str) -> str:
    """The name, if namespaces, folders and sockets can be named after it; else LabUsageError."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,19}", name):
        raise LabUsageError(
            f"{name!r} cannot name a lab: use 1 to 20 of a-z, 0-9 and _, with a letter first."
        )
    return name


def _nodes(size: Size, lan: Lan, debian: Sequence[int], shared_kernel: bool) -> Iterator[Node]:
    for key, kind in kinds().items():
        count, memory = size.numbers[key], size.memory[key]
        if not kind.least <= count <= MOST_PER_ROLE:
            raise LabUsageError(
                f"A lab has {kind.least} to {MOST_PER_ROLE} machines of the role"
                f" {kind.kind}, not {count}."
            )
        if kind.memory and memory < _LEAST_MEMORY:
            raise LabUsageError(
                f"A {kind.kind} needs at least {_LEAST_MEMORY} MiB of memory to boot, not {memory}."
            )
        for index in range(count):
            address = lan.address(kind.first + index)
            # Clients look at the cluster from outside: they have the host's files.
            own = debian[index % len(debian)] if debian and kind is not CLIENTS else None
            shares = shared_kernel and own is not None and not kind.own_kernel
            name, size_of = f"{kind.prefix}{index + 1}", 0 if shares else memory
            yield Node(name, kind.kind, address, size_of, own, shares)
