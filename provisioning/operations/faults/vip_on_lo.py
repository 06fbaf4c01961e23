"""Real servers have the VIPs on lo and are silent about them on the LAN."""

from provisioning.facts.hosts.real_server import RealServerState
from provisioning.model.address import IPAddress
from provisioning.model.inventory import Inventory
from provisioning.operations.cluster_state.state import ClusterState
from provisioning.operations.faults.fault import Fault

_DEPLOY = "`cluster deploy` puts it right"


def vip_on_lo_faults(inventory: Inventory, state: ClusterState) -> list[Fault]:
    """Faults of the real servers' VIP binding and ARP settings (the ARP problem of LVS-DR)."""
    faults = []
    vips = [vip.address.ip for vip in inventory.virtual_ips]
    for name, server in state.real_servers.items():
        for vip in vips:
            faults += _binding(name, server, vip, is_director=name in state.directors)
        if any(vip.version == 4 for vip in vips):
            faults += _silence(name, server)
    return faults


def _binding(
    name: str, server: RealServerState, vip: IPAddress, *, is_director: bool
) -> list[Fault]:
    bound = server.interfaces.holding(vip)
    on_lo = [one for one in bound if one.interface == "lo"]
    faults = []
    if not on_lo:
        faults.append(Fault(name, f"{vip} is not on lo, so packets for it are dropped", _DEPLOY))
    elif on_lo[0].prefix != vip.max_prefixlen:
        wrong = f"{vip}/{on_lo[0].prefix} on lo makes its whole subnet local"
        faults.append(Fault(name, f"{wrong}; it must be /{vip.max_prefixlen}", _DEPLOY))
    for one in bound:
        if one.interface != "lo" and not is_director:
            text = f"{vip} is on {one.interface}, where the LAN sees it"
            fix = (
                f"`cluster exec --root {name} -- ip address del {vip}/{one.prefix}"
                f" dev {one.interface}`"
            )
            faults.append(Fault(name, text, fix))
    return faults


def _silence(name: str, server: RealServerState) -> list[Fault]:
    """arp_ignore 1 answers only for addresses of the interface asked on; arp_announce 2 never
    asks with an address of another (ip-sysctl, kernel documentation)."""
    faults = []
    if server.arp_ignore is None or server.arp_announce is None:
        fix = "correct its `interface` in the inventory, then `cluster deploy`"
        return [Fault(name, "its ARP sysctls could not be read", fix)]
    if server.arp_ignore < 1:
        text = f"arp_ignore is {server.arp_ignore}, so it answers ARP for the VIP"
        faults.append(Fault(name, text, _DEPLOY))
    if server.arp_announce != 2:
        text = f"arp_announce is {server.arp_announce}, so it may ask with the VIP as its own"
        faults.append(Fault(name, text, _DEPLOY))
    return faults
