"""Virtual services that the directors' kernel tables should hold, and what edges alone should do in
their place. Pure."""

from dataclasses import dataclass, field

from ..facts.ipvs.table import ServerKey, ServiceKey
from ..model.address import IPAddress, endpoint
from ..model.derived.resolve import address_for, app_services, virtual_services
from ..model.derived.sorry_address import sorry_address
from ..model.derived.way_in import edges_alone
from ..model.inventory import Inventory
from ..model.runtime import Runtime
from ..model.service import MiscCheck, VirtualService, serves
from .director.keepalived_conf import scheduler_flags


@dataclass(frozen=True, slots=True)
class WantedService:
    """A virtual service at one VIP."""

    vip: IPAddress
    service: VirtualService
    servers: dict[str, IPAddress]
    """Address by which each real server is sent to, by its name."""
    weights: dict[str, int]
    """As they are now: 0 where the real server is drained."""
    drained: frozenset[str] = field(default=frozenset())

    @property
    def key(self) -> ServiceKey:
        """Key of the service in the kernel."""
        return ("TCP", self.vip, self.service.port)

    @property
    def endpoint(self) -> str:
        """``192.0.2.100:7860``, for people."""
        return endpoint(self.vip, self.service.port)

    @property
    def sorry_address(self) -> IPAddress | None:
        """Address that is sent to while the quorum is lost."""
        return sorry_address(self.service, self.vip)

    @property
    def flags(self) -> frozenset[str]:
        """Scheduler flags (ipvsadm(8) -b)."""
        return frozenset(scheduler_flags(self.service, drained=bool(self.drained)))

    @property
    def persistence(self) -> int | None:
        """Seconds, or nothing."""
        return self.service.persistence.timeout if self.service.persistence else None

    @property
    def granularity(self) -> int | None:
        """Prefix length as the table has it: nothing where it is the whole address."""
        if self.service.persistence is None:
            return None
        prefix = self.service.persistence.granularity
        return None if prefix == self.vip.max_prefixlen else prefix

    @property
    def weights_move(self) -> bool:
        """True if the health check sets the weights (misc_dynamic)."""
        return isinstance(self.service.check, MiscCheck) and self.service.check.dynamic

    def name_of(self, server: ServerKey) -> str | None:
        """The inventory's name of a real server in the table."""
        address, port = server
        if port != self.service.port:
            return None
        return next((name for name, own in self.servers.items() if own == address), None)


def wanted_services(inventory: Inventory, runtime: Runtime) -> list[WantedService]:
    """Every virtual service at every VIP."""
    found = []
    for vip in inventory.virtual_ips:
        for service in virtual_services(inventory):
            servers, weights = {}, {}
            for name, host in inventory.real_servers.hosts.items():
                address = address_for(host, vip.address.ip)
                if serves(service, name) and address is not None:
                    servers[name] = address
                    weights[name] = runtime.weight(name, host.weight)
            drained = frozenset(runtime.drains.keys() & servers.keys())
            found.append(WantedService(vip.address.ip, service, servers, weights, drained))
    return found


def way_in_services(inventory: Inventory, runtime: Runtime) -> list[WantedService]:
    """Every service by which clients come in: the directors' virtual services; where edges are
    alone the one of these, on the port that their clients ask at, by the app's own quorum."""
    edges = edges_alone(inventory)
    if edges is None:
        return wanted_services(inventory, runtime)
    hosts = inventory.real_servers.hosts
    weights = {name: runtime.weight(name, host.weight) for name, host in hosts.items()}
    servers = {name: host.address for name, host in hosts.items()}
    ours = app_services(inventory)
    usual = ours[0] if ours else VirtualService()
    service = usual.model_copy(update={"name": "edges", "port": edges.port})
    drained = frozenset(runtime.drains.keys() & servers.keys())
    return [WantedService(edges.vip.address.ip, service, servers, weights, drained)]
