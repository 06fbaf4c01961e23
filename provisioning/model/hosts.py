"""The machines of a cluster, in groups, the way an Ansible inventory names them."""

from enum import StrEnum
from typing import Annotated, ClassVar, Generic, TypeVar

from pydantic import BeforeValidator, Field

from .address import IPAddress as IPAddress
from .address import IPv6Only
from .base import Interface, Name, Part, Weight, Whole
from .gpus import GpuHealth, GpusEntry
from .ssh import Connection

Variable = str | int | float | bool


class ServiceManager(StrEnum):
    """The program that keeps services running on a host."""

    SYSTEMD = "systemd"
    SUPERVISOR = "supervisor"


class Host(Part):
    """A machine. ``name: 192.0.2.7`` is short for ``name: {address: 192.0.2.7}``."""

    address: IPAddress
    """The host's own address on the cluster's network (a real server's RIP)."""
    address6: IPv6Only | None = None
    """Its IPv6 address as well, where an IPv6 VIP is served."""
    interface: Interface | None = None
    """Its interface on the cluster's network; default the group's."""
    ssh: Connection = Connection()
    """Way to reach it; what is absent comes from the group."""
    service_manager: ServiceManager | None = None
    """Program that keeps services running there; default the group's."""
    labels: dict[Name, Name] = {}
    """What it is chosen by (``--limit rack=r1``), over the group's; not seen by the host."""
    vars: dict[str, Variable] = {}
    """Free variables for your own templates, over the group's and the inventory's."""


class Director(Host):
    """A machine that runs Keepalived and IPVS."""

    priority: Annotated[Whole, Field(ge=1, le=254)] | None = None
    """VRRP priority; default 150 for the first director, 10 less for each that follows."""
    router_id: Name | None = None
    """Name of this director in Keepalived; default its name."""


class RealServer(Host):
    """A machine that runs the app and answers for the VIP."""

    weight: Weight = 1
    """Share of connections, with schedulers that look at weights; 0 takes no new ones."""
    upper_threshold: Annotated[Whole, Field(ge=0, le=2**32 - 1)] = 0
    """Connections past which no new one is sent here; 0 is no limit (ipvsadm(8) -x)."""
    lower_threshold: Annotated[Whole, Field(ge=0, le=2**32 - 1)] = 0
    """Connections below which new ones come again (ipvsadm(8) -y)."""
    workers: Annotated[Whole, Field(ge=1, le=1024)] | None = None
    """Worker processes there, where it is not ``app.workers``."""
    environment: dict[str, Variable] = {}
    """Environment variables of the app there, over ``app.environment``."""
    gpus: GpusEntry | None = None
    """GPUs it should have; default the group's."""


class StorageHost(Host):
    """A machine that exports the outputs folder over NFS."""


class Client(Host):
    """A machine with no role but to look at the VIP from a client's place."""


H = TypeVar("H", bound=Host)


class Group(Part, Generic[H]):
    """Hosts of one role and what they share."""

    host_type: ClassVar[type[Host]] = Host
    """Of its members."""
    managed: ClassVar[bool] = True
    """True where something is brought to its hosts; such a group has a role of the same key."""

    hosts: dict[Name, H] = {}
    """Name and address, or name and keys."""
    interface: Interface | None = None
    """Their interface on the cluster's network."""
    ssh: Connection = Connection()
    """Way to reach them; what is absent comes from the inventory."""
    service_manager: ServiceManager | None = None
    """Program that keeps services running on them."""
    labels: dict[Name, Name] = {}
    """Labels of all of them, such as ``gpu: a100``."""
    vars: dict[str, Variable] = {}
    """Free variables for your own templates, over the inventory's."""


def address_only(value: object) -> object:
    """A host as it is written short, in full."""
    return {"address": value} if isinstance(value, str) else value


DirectorEntry = Annotated[
    Director, BeforeValidator(address_only, json_schema_input_type=IPAddress | Director)
]
RealServerEntry = Annotated[
    RealServer, BeforeValidator(address_only, json_schema_input_type=IPAddress | RealServer)
]
StorageEntry = Annotated[
    StorageHost, BeforeValidator(address_only, json_schema_input_type=IPAddress | StorageHost)
]
ClientEntry = Annotated[
    Client, BeforeValidator(address_only, json_schema_input_type=IPAddress | Client)
]


class Directors(Group[DirectorEntry]):
    """The machines that own the VIP and pass connections on."""

    host_type = Director


class RealServers(Group[RealServerEntry]):
    """The machines that run the app and answer for the VIP."""

    host_type = RealServer

    gpus: GpusEntry | None = None
    """GPUs that each should have; absent, nothing is expected and none is missed."""
    gpu_health: GpuHealth = GpuHealth.REPORT
    """Consequence of a card in trouble."""


class Clients(Group[ClientEntry]):
    """Machines from whose place the cluster is looked at."""

    host_type = Client
    managed = False
