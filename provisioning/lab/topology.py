"""What a lab consists of: machines, their names, addresses and sizes. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network

from provisioning.lab.errors import LabError

INTERFACE = "vec0"
"""The network interface of every machine; User Mode Linux gives no choice of name."""
DEFAULT_NETWORK = IPv4Network("10.77.0.0/24")
LOGIN_USER = "ops"
"""The account with sudo that every machine has."""
MOST_PER_ROLE = 9
"""Each role has ten addresses of the LAN set aside, the first of which may be the round one."""


class Role(StrEnum):
    """What a machine is meant for; nothing on it differs yet but memory and data disk."""

    DIRECTOR = "director"
    REAL_SERVER = "real server"
    STORAGE = "storage"
    CLIENT = "client"


class Kernel(StrEnum):
    """Whose kernel a machine runs on."""

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
        """Where connections from the host come from (the switch's own address)."""
        return self.address(1)

    @property
    def vip(self) -> IPv4Address:
        """The virtual IP the inventory asks for. No machine has it until it is deployed."""
        return self.address(100)


@dataclass(frozen=True)
class Node:
    """One machine. ``memory`` is in MiB; 0 is the host's."""

    name: str
    role: Role
    address: IPv4Address
    memory: int
    debian: int | None = None
    """The release it has of its own, on a disk of its own; None: the host's files."""

    @property
    def kernel(self) -> Kernel:
        """Clients look at the cluster from outside and need no kernel of their own."""
        return Kernel.NAMESPACE if self.role is Role.CLIENT else Kernel.UML

    @property
    def mac(self) -> str:
        """A locally administered address (IEEE 802) that shows the IPv4 address in hexadecimal."""
        return "02:00:" + self.address.packed.hex(":")


@dataclass(frozen=True)
class Size:
    """How many machines of each role, and how much memory (MiB) each has."""

    directors: int = 2
    real_servers: int = 3
    storage: int = 1
    clients: int = 1
    director_memory: int = 192
    real_server_memory: int = 1500
    storage_memory: int = 512


BARE = Size(director_memory=512, storage_memory=768)
"""systemd takes 150 MiB of it, apt 100 while it installs."""


@dataclass(frozen=True)
class Topology:
    """All machines of one lab and the LAN that joins them."""

    name: str
    lan: Lan
    nodes: tuple[Node, ...]

    def node(self, name: str) -> Node:
        """The machine of that name.

        Raises LabError, with the names there are, if there is none.
        """
        for node in self.nodes:
            if node.name == name:
                return node
        names = ", ".join(node.name for node in self.nodes)
        raise LabError(f"The lab has no machine {name!r}. It has: {names}.")

    def of_role(self, role: Role) -> list[Node]:
        """The machines of one role, in order."""
        return [node for node in self.nodes if node.role is role]

    @property
    def debian(self) -> list[int]:
        """The releases that bare machines have; none if no machine is bare."""
        return sorted({node.debian for node in self.nodes if node.debian})

    @property
    def memory(self) -> int:
        """MiB that all machines together may come to use."""
        return sum(node.memory for node in self.nodes)


@dataclass(frozen=True)
class _Place:
    """Where a role's machines lie: names ``prefix1``.., addresses from ``first`` on."""

    role: Role
    prefix: str
    first: int
    least: int


_PLACES = (
    _Place(Role.DIRECTOR, "lvs", 11, least=1),
    _Place(Role.REAL_SERVER, "rs", 21, least=1),
    _Place(Role.STORAGE, "nas", 31, least=0),
    _Place(Role.CLIENT, "client", 50, least=1),
)
_LEAST_MEMORY = 96


def plan(
    name: str = "lab",
    size: Size | None = None,
    lan: Lan | None = None,
    debian: Sequence[int] = (),
) -> Topology:
    """Lay out a lab; with releases in ``debian`` of bare machines, each role's having them in turn.

    Raises LabError for a name, number, memory size or network that cannot be.
    """
    size = size or (BARE if debian else Size())
    lan = lan or Lan()
    if lan.network.prefixlen != 24:
        raise LabError(f"The lab's network {lan.network} must be a /24, such as 10.77.0.0/24.")
    return Topology(checked_name(name), lan, tuple(_nodes(size, lan, debian)))


def checked_name(name: str) -> str:
    """The name, if namespaces, folders and sockets can be named after it; else LabError."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,19}", name):
        raise LabError(
            f"{name!r} cannot name a lab: use 1 to 20 of a-z, 0-9 and _, with a letter first."
        )
    return name


def _nodes(size: Size, lan: Lan, debian: Sequence[int]) -> Iterator[Node]:
    wanted = {
        Role.DIRECTOR: (size.directors, size.director_memory),
        Role.REAL_SERVER: (size.real_servers, size.real_server_memory),
        Role.STORAGE: (size.storage, size.storage_memory),
        Role.CLIENT: (size.clients, 0),
    }
    for place in _PLACES:
        count, memory = wanted[place.role]
        if not place.least <= count <= MOST_PER_ROLE:
            raise LabError(
                f"A lab has {place.least} to {MOST_PER_ROLE} machines of the role"
                f" {place.role.value}, not {count}."
            )
        if place.role is not Role.CLIENT and memory < _LEAST_MEMORY:
            raise LabError(
                f"A {place.role.value} needs at least {_LEAST_MEMORY} MiB of memory to boot,"
                f" not {memory}."
            )
        for index in range(count):
            address = lan.address(place.first + index)
            # Clients look at the cluster from outside: they have the host's files.
            own = debian[index % len(debian)] if debian and place.role is not Role.CLIENT else None
            yield Node(f"{place.prefix}{index + 1}", place.role, address, memory, own)
