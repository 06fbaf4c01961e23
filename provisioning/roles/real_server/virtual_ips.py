"""The virtual IPs of a real server: on lo, with nobody told."""

from ...model.derived.resolve import interface_of, is_ipv4
from ...model.inventory import Inventory
from ...places import VIP_SERVICE
from ...resources.address import Address
from ...resources.base import Resource
from ...resources.service import Service, restart
from ...resources.sysctl import Sysctl
from ..rendering import RenderedFile
from ..role_host import RoleHost

_SCRIPT = "/usr/local/sbin/lvs-real-server"


def virtual_ips(host: RoleHost) -> list[Resource]:
    """Silence about them first, then the addresses, then the program that keeps both. Nothing
    where edges are alone: clients do not come by a VIP of the nodes then."""
    if not host.inventory.virtual_ips:
        return []
    settings = arp_sysctls(host.inventory, host.name)
    vips = [
        {"cidr": f"{vip.address.ip}/{vip.address.max_prefixlen}", "v6": not is_ipv4(vip)}
        for vip in host.inventory.virtual_ips
    ]
    again = (restart(VIP_SERVICE, host.manager),)
    return [
        RenderedFile(
            path="/etc/sysctl.d/60-cosyvoice-real-server.conf",
            content=host.render("sysctl.conf.j2", sysctls=settings),
        ),
        # Before the address, or the node announces the VIP as its own.
        *(Sysctl(key=key, value=value) for key, value in settings),
        host.script(
            _SCRIPT,
            "lvs-real-server.j2",
            again,
            vips=vips,
            sysctl_paths=[(f"/proc/sys/{key}", value) for key, value in settings],
        ),
        *(Address(address=str(vip["cidr"]), interface="lo") for vip in vips),
        host.unit(VIP_SERVICE, again, script=_SCRIPT),
        Service(name=VIP_SERVICE, manager=host.manager),
    ]


def arp_sysctls(inventory: Inventory, name: str) -> list[tuple[str, str]]:
    """Settings that keep a real server silent about the VIP (ip-sysctl, arp_ignore)."""
    found = []
    for interface in ("all", interface_of(inventory, name)):
        found += [
            (f"net/ipv4/conf/{interface}/arp_ignore", "1"),
            (f"net/ipv4/conf/{interface}/arp_announce", "2"),
        ]
    return found
