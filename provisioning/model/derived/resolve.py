"""Values that hold for one host once host, group and inventory have been laid over each other."""

from ipaddress import IPv4Interface

from ..address import IPAddress
from ..edge import Edges
from ..gpus import Gpus
from ..groups import group_types
from ..hosts import Group, Host, ServiceManager
from ..inventory import Inventory
from ..ipvs import SyncDaemon
from ..service import HttpCheck, SslCheck, VirtualService
from ..ssh import Connection
from ..vrrp import VirtualIP
from .tls_services import tls_services
from .way_in import edges_alone

AnyGroup = Group[Host]
TEMPORARY = ("tmp", "var/tmp")
HOMES = ("home", "root")


def groups(inventory: Inventory) -> dict[str, AnyGroup]:
    """The groups by their inventory key; an optional one only where the inventory has it."""
    found: dict[str, AnyGroup | None] = {key: getattr(inventory, key) for key in group_types()}
    return {key: group for key, group in found.items() if group is not None}


def all_hosts(inventory: Inventory) -> dict[str, Host]:
    """Every host by name, in the order of the groups; a host in two groups comes once."""
    found: dict[str, Host] = {}
    for group in groups(inventory).values():
        for name, host in group.hosts.items():
            found.setdefault(name, host)
    return found


def managed_hosts(inventory: Inventory) -> list[str]:
    """Names of the hosts that something is brought to: all but those that are clients alone."""
    managed = (group for group in groups(inventory).values() if group.managed)
    return list(dict.fromkeys(name for group in managed for name in group.hosts))


def _group_of(inventory: Inventory, name: str) -> AnyGroup:
    return next(group for group in groups(inventory).values() if name in group.hosts)


def groups_of(inventory: Inventory, name: str) -> list[str]:
    """The groups that hold the host, by their inventory keys."""
    return [key for key, group in groups(inventory).items() if name in group.hosts]


def interface_of(inventory: Inventory, name: str) -> str:
    """The host's interface on the cluster's network."""
    group = _group_of(inventory, name)
    return group.hosts[name].interface or group.interface or inventory.interface


def service_manager_of(inventory: Inventory, name: str) -> ServiceManager:
    """Return what keeps services running on the host."""
    group = _group_of(inventory, name)
    return group.hosts[name].service_manager or group.service_manager or inventory.service_manager


def hidden_folders(inventory: Inventory, name: str) -> tuple[str, ...]:
    """Folders of a real server that the app does not see: under systemd its unit hides homes and
    what is temporary (ProtectHome, PrivateTmp); under Supervisor none is hidden."""
    if service_manager_of(inventory, name) is not ServiceManager.SYSTEMD:
        return ()
    return TEMPORARY if inventory.app.user == "root" else (*HOMES, *TEMPORARY)


def connection_of(inventory: Inventory, name: str) -> Connection:
    """SSH settings of the host; ``host`` is filled in with its address."""
    group = _group_of(inventory, name)
    host = group.hosts[name]
    merged: dict[str, object] = {"host": str(host.address)}
    for layer in (inventory.ssh, group.ssh, host.ssh):
        merged |= {key: getattr(layer, key) for key in layer.model_fields_set}
    return Connection.model_construct(**merged)  # type: ignore[arg-type]


def gpus_of(inventory: Inventory, name: str) -> Gpus | None:
    """The GPUs that a real server should have; None where nobody says."""
    group = inventory.real_servers
    return group.hosts[name].gpus or group.gpus


def variables_of(inventory: Inventory, name: str) -> dict[str, str | int | float | bool]:
    """Free variables for templates."""
    group = _group_of(inventory, name)
    return {**inventory.vars, **group.vars, **group.hosts[name].vars}


def priority_of(inventory: Inventory, name: str) -> int:
    """A director's VRRP priority: as written, or 150 less 10 for each director before it."""
    written = inventory.directors.hosts[name].priority
    return written or 150 - 10 * list(inventory.directors.hosts).index(name)


def virtual_router_id_of(inventory: Inventory, vip: VirtualIP) -> int:
    """A VIP's VRID: as written, or the inventory's plus the VIP's place."""
    place = inventory.virtual_ips.index(vip)
    return vip.virtual_router_id or inventory.vrrp.virtual_router_id + place


def edge_router_id(inventory: Inventory, edges: Edges) -> int:
    """The VRID of the edges' VIP: as written, or the next one after the directors'."""
    next_one = inventory.vrrp.virtual_router_id + len(inventory.virtual_ips)
    return edges.vip.virtual_router_id or next_one


def sync_daemon_of(inventory: Inventory) -> SyncDaemon | None:
    """The connection sync daemon that directors run; a lone one has nobody to send to."""
    return inventory.ipvs.sync_daemon if len(inventory.directors.hosts) > 1 else None


def sync_interface_of(inventory: Inventory, name: str, daemon: SyncDaemon) -> str:
    """Interface on which a director's sync daemon sends and listens."""
    return daemon.interface or interface_of(inventory, name)


def sync_id_of(inventory: Inventory, daemon: SyncDaemon) -> int:
    """Number by which the sync daemons of a cluster know each other."""
    if daemon.id is not None:
        return daemon.id
    return virtual_router_id_of(inventory, inventory.virtual_ips[0])


def routes_sessions(inventory: Inventory) -> bool:
    """Tell whether nodes pass a session's requests to the one that holds it."""
    wanted = inventory.app.session_routing
    on = inventory.app.source == "builtin" if wanted is None else wanted
    return on and (len(inventory.real_servers.hosts) > 1 or inventory.app.per_gpu)


def tells_metrics(inventory: Inventory) -> bool:
    """Tell whether nodes have metrics that a Prometheus should ask for."""
    wanted = inventory.app.metrics
    return inventory.app.source == "builtin" if wanted is None else wanted


def virtual_services(inventory: Inventory) -> list[VirtualService]:
    """Services that the directors balance: the inventory's, and with TLS its own before them. Of
    the app's own ports, which then are for the nodes alone, only where it says so. Where edges are
    alone, the ports that nodes listen on."""
    tls, ours = inventory.tls, app_services(inventory)
    if tls is None or not ours or edges_alone(inventory):
        return inventory.services
    beside = [one for one in inventory.services if not (tls.only and one.app)]
    return [*tls_services(tls, ours if inventory.app.per_gpu else ours[:1]), *beside]


def app_services(inventory: Inventory) -> list[VirtualService]:
    """Services on whose ports the app listens. Nodes know each other by the first's."""
    ours = [service for service in inventory.services if service.app]
    # One from elsewhere is told one port; which options it has is not known here.
    return ours if inventory.app.source == "builtin" or inventory.app.per_gpu else ours[:1]


def speaks_tls(inventory: Inventory, service: VirtualService) -> bool:
    """Tell whether clients speak TLS to it: as its check does, or it is HTTPS' own port. The app
    that comes with this program does not."""
    if isinstance(service.check, HttpCheck):
        return isinstance(service.check, SslCheck)
    return service.port == 443 and not (service.app and inventory.app.source == "builtin")


def is_ipv4(vip: VirtualIP) -> bool:
    """Tell whether the VIP is IPv4."""
    return isinstance(vip.address, IPv4Interface)


def address_for(host: Host, vip: IPAddress) -> IPAddress | None:
    """The host's own address of the VIP's family."""
    if host.address.version == vip.version:
        return host.address
    return host.address6
