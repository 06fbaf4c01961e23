"""The whole inventory."""

from typing import Annotated

from pydantic import Field

from .app import App
from .artifact import Artifact
from .base import Interface, Name, Part, Whole
from .edge import Edges
from .firewall import FirewallEntry
from .hooks import Hooks
from .hosts import (
    Clients,
    Directors,
    RealServers,
    ServiceManager,
    Variable,
)
from .ipvs import Ipvs
from .paths import LocalPath
from .service import VirtualService
from .spreading import Spreading
from .ssh import Connection
from .storage import Storage
from .tls.tls import Tls
from .vrrp import VirtualIP, VirtualIPEntry, Vrrp
from .watching.logs import Logs
from .watching.monitoring import Monitoring
from .watching.notify import Notify


class Inventory(Part):
    """A cluster as its operator describes it. Needed: real servers, and a way in: a VIP with
    directors, or edges."""

    name: Name = "cosyvoice"
    """Name of the cluster, in its history and in Keepalived."""
    vip: VirtualIPEntry | None = None
    """The directors' virtual IP; for several use ``vips``. Absent without directors."""
    vips: list[VirtualIPEntry] = []
    """Several virtual IPs; they move together unless ``vrrp.sync_group`` is false."""
    interface: Interface = "eth0"
    """Network interface of every host, where host or group do not say otherwise."""
    vrrp: Vrrp = Vrrp()
    """Settings by which directors agree on who is master."""
    ipvs: Ipvs = Ipvs()
    """The directors' kernel: connection table and settings."""
    services: list[VirtualService] = [VirtualService()]
    """Services that are balanced; default is port 7860."""
    directors: Directors = Directors()
    """The machines that own the VIP; the first is master while it lives. Absent where edges are the
    only way in."""
    real_servers: RealServers = RealServers()
    """The machines that run the app."""
    storage: Storage | None = None
    """Shared outputs; absent, each node keeps its own."""
    edges: Edges | None = None
    """Machines that admit programs' requests, up to what the nodes can take; absent, there is no
    such way in."""
    monitoring: Monitoring | None = None
    """Prometheus, Alertmanager and exporters; absent, nothing of it is installed."""
    logs: Logs | None = None
    """The machine that keeps the logs of all; absent, each host keeps its own alone."""
    clients: Clients = Clients()
    """Machines from whose place ``cluster verify`` looks at the VIP."""
    tls: Tls | None = None
    """HTTPS; absent, the VIPs speak plain HTTP."""
    firewall: FirewallEntry = None
    """``true``: hosts let in what the cluster needs, and nothing else; absent, their firewalls are
    left to you."""
    app: App = App()
    """The app that runs on the real servers."""
    artifacts: dict[Name, Artifact] = {}
    """Weights, repositories, voices and other big files for the nodes, by a name of yours. An
    environment variable refers to one as ``${artifacts.NAME}``."""
    spreading: Spreading = Spreading()
    """How big files come to the real servers: from the one to the next."""
    notify: Notify = Notify()
    """Those who are told of long operations."""
    hooks: Hooks = Hooks()
    """Programs of the control machine that may say no before a step, and are told after it."""
    ssh: Connection = Connection()
    """Way to reach the hosts; groups and hosts may have their own."""
    service_manager: ServiceManager = ServiceManager.SYSTEMD
    """Program that keeps services running, where host or group do not say otherwise."""
    allow_colocated: bool = False
    """Allow a host to be director and real server at once (needs backup_only and care)."""
    templates: LocalPath | None = None
    """Folder whose files go over the built-in templates of the same name."""
    vars: dict[str, Variable] = {}
    """Free variables for your own templates."""
    forks: Annotated[Whole, Field(ge=1, le=1000)] | None = None
    """Hosts worked on at a time; by default a quarter of them, at least 10 and at most 50, and 10
    where some are behind a jump host."""

    @property
    def virtual_ips(self) -> list[VirtualIP]:
        """All VIPs, however they were written."""
        return [self.vip, *self.vips] if self.vip else list(self.vips)
