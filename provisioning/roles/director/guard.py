"""The guard of a director: it mends the kernel's table, and takes the VIP off where it cannot."""

from ipaddress import IPv4Address
from typing import Any

from ...model.address import IPAddress, endpoint
from ...model.derived.resolve import address_for, virtual_services
from ...model.derived.sorry_address import sorry_address
from ...model.inventory import Inventory
from ...places import GUARD, KEEPALIVED_GUARD, TABLE_FILE, TABLE_SERVICES
from ...resources.file import File
from ...resources.service import restart
from ..rendering import RenderedFile
from ..role_host import RoleHost
from .keepalived_conf import instances, servers_of


def table_services(host: RoleHost) -> File:
    """The table as it should be. The guard reads it at each look."""
    return RenderedFile(
        path=TABLE_SERVICES,
        content=host.render("services.j2", services=_listed_services(host.inventory)),
    )


def guard(host: RoleHost) -> list[File]:
    """The program and its definition."""
    again = (restart(KEEPALIVED_GUARD, host.manager),)
    return [
        host.script(
            GUARD,
            "keepalived-guard.j2",
            again,
            instances=instances(host.inventory, host.name),
            services_file=TABLE_SERVICES,
            table_file=TABLE_FILE,
        ),
        host.unit(KEEPALIVED_GUARD, again, guard=GUARD),
    ]


def _listed_services(inventory: Inventory) -> list[dict[str, Any]]:
    """Every virtual service as the kernel lists it. Weights and drains are no part of it."""
    found = []
    for vip in inventory.virtual_ips:
        for service in virtual_services(inventory):
            port = service.port
            hosts = [inventory.real_servers.hosts[n] for n in servers_of(inventory, service)]
            addresses = [
                address for host in hosts if (address := address_for(host, vip.address.ip))
            ]
            if (sorry := sorry_address(service, vip.address.ip)) is not None:
                addresses.append(sorry)
            found.append(
                {
                    "key": _in_kernel(vip.address.ip, port),
                    "endpoint": endpoint(vip.address.ip, port),
                    "scheduler": service.scheduler.value,
                    "servers": [_in_kernel(address, port) for address in addresses],
                }
            )
    return found


def _in_kernel(address: IPAddress, port: int) -> str:
    """``0A4D0064:1EB4``, or the whole of an IPv6 address in brackets, as /proc/net/ip_vs has it."""
    if isinstance(address, IPv4Address):
        return f"{int(address):08X}:{port:04X}"
    return f"[{address.exploded}]:{port:04X}"
