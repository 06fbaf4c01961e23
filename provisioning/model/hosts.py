"""The machines of a cluster, in groups, the way an Ansible inventory names them."""

from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address
from typing import Annotated, Generic, TypeVar

from pydantic import BeforeValidator, Field

from provisioning.model.base import Name, Part, Weight
from provisioning.model.ssh import Connection

Variable = str | int | float | bool
IPAddress = IPv4Address | IPv6Address


class ServiceManager(StrEnum):
    """What keeps services running on a host."""

    SYSTEMD = "systemd"
    SUPERVISOR = "supervisor"


class Host(Part):
    """A machine. ``name: 192.0.2.7`` is short for ``name: {address: 192.0.2.7}``."""

    address: IPAddress
    """The host's own address on the cluster's network (a real server's RIP)."""
    address6: IPv6Address | None = None
    """Its IPv6 address as well, where an IPv6 VIP is served."""
    interface: str | None = None
    ssh: Connection = Connection()
    service_manager: ServiceManager | None = None
    vars: dict[str, Variable] = {}
    """Free variables for your own templates, over the group's and the inventory's."""


class Director(Host):
    """A machine that runs Keepalived and IPVS."""

    priority: Annotated[int, Field(ge=1, le=254)] | None = None
    """VRRP priority; default 150 for the first director, 10 less for each that follows."""
    router_id: str | None = None


class RealServer(Host):
    """A machine that runs the app and answers for the VIP."""

    weight: Weight = 1
    upper_threshold: Annotated[int, Field(ge=0)] = 0
    """Connections past which no new one is sent here; 0 is no limit (ipvsadm(8) -x)."""
    lower_threshold: Annotated[int, Field(ge=0)] = 0
    """Connections below which new ones come again (ipvsadm(8) -y)."""
    workers: Annotated[int, Field(ge=1)] | None = None
    environment: dict[str, Variable] = {}


class StorageHost(Host):
    """A machine that exports the outputs folder over NFS."""


class Client(Host):
    """A machine with no role but to look at the VIP from a client's place."""


H = TypeVar("H", bound=Host)


class Group(Part, Generic[H]):
    """Hosts of one role and what they share."""

    hosts: dict[Name, H] = {}
    interface: str | None = None
    ssh: Connection = Connection()
    service_manager: ServiceManager | None = None
    vars: dict[str, Variable] = {}


def _address_only(value: object) -> object:
    return {"address": value} if isinstance(value, str) else value


DirectorEntry = Annotated[
    Director, BeforeValidator(_address_only, json_schema_input_type=IPAddress | Director)
]
RealServerEntry = Annotated[
    RealServer, BeforeValidator(_address_only, json_schema_input_type=IPAddress | RealServer)
]
StorageEntry = Annotated[
    StorageHost, BeforeValidator(_address_only, json_schema_input_type=IPAddress | StorageHost)
]
ClientEntry = Annotated[
    Client, BeforeValidator(_address_only, json_schema_input_type=IPAddress | Client)
]
