"""The whole inventory."""

from typing import Annotated

from pydantic import Field

from provisioning.model.app import App
from provisioning.model.base import Interface, Name, Part, Whole
from provisioning.model.hosts import (
    ClientEntry,
    DirectorEntry,
    Group,
    RealServerEntry,
    ServiceManager,
    Variable,
)
from provisioning.model.ipvs import Ipvs
from provisioning.model.paths import LocalPath
from provisioning.model.service import VirtualService
from provisioning.model.ssh import Connection
from provisioning.model.storage import Storage
from provisioning.model.vrrp import VirtualIP, VirtualIPEntry, Vrrp


class Inventory(Part):
    """A cluster as its operator describes it. Needed: a VIP, directors, real servers."""

    name: Name = "cosyvoice"
    vip: VirtualIPEntry | None = None
    """The virtual IP; for several use ``vips``."""
    vips: list[VirtualIPEntry] = []
    interface: Interface = "eth0"
    """Network interface of every host, where host or group do not say otherwise."""
    vrrp: Vrrp = Vrrp()
    ipvs: Ipvs = Ipvs()
    services: list[VirtualService] = [VirtualService()]
    directors: Group[DirectorEntry] = Group[DirectorEntry]()
    real_servers: Group[RealServerEntry] = Group[RealServerEntry]()
    storage: Storage | None = None
    clients: Group[ClientEntry] = Group[ClientEntry]()
    app: App = App()
    ssh: Connection = Connection()
    service_manager: ServiceManager = ServiceManager.SYSTEMD
    allow_colocated: bool = False
    """Allow a host to be director and real server at once (needs backup_only and care)."""
    templates: LocalPath | None = None
    """Folder whose files go over the built-in templates of the same name."""
    vars: dict[str, Variable] = {}
    forks: Annotated[Whole, Field(ge=1, le=1000)] = 10
    """Hosts worked on at a time."""

    @property
    def virtual_ips(self) -> list[VirtualIP]:
        """All VIPs, however they were written."""
        return [self.vip, *self.vips] if self.vip else list(self.vips)
