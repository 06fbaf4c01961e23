"""Exporters on every host of a cluster that is monitored: the machine, and Keepalived. Pure."""

from dataclasses import replace

from ...model.address import endpoint
from ...model.derived.resolve import all_hosts
from ...model.inventory import Inventory
from ...model.watching.monitoring import Monitoring
from ...places import (
    EXPECTED_METRICS,
    KEEPALIVED_METRICS,
    KEEPALIVED_METRICS_PROGRAM,
    NODE_EXPORTER,
    TEXTFILES,
    VRRP_STATE,
)
from ...resources.base import Resource
from ...resources.package import Packages
from ...resources.service import Service, restart
from ..deployment import Deployment
from ..part import RolePart
from ..programs import manager_resources
from ..rendering import RenderedFile
from ..role_host import RoleHost
from .daemon import PackagedDaemon
from .edge_requests import edge_requests
from .expected import expected

_NO_DISKS = "^/(dev|proc|run|sys|var/lib/docker|var/lib/containers)/"
"""Mount points that are left out. Debian's own list has /mnt and /media as well, where disks are.
No sign in it means anything to systemd or Supervisor."""
_SECONDS = 5
"""Between looks at Keepalived."""


def exporters(deployment: Deployment, name: str) -> RolePart:
    """The share of monitoring in a host of whatever role; nothing where there is no monitoring."""
    inventory = deployment.inventory
    monitoring = inventory.monitoring
    if monitoring is None:
        return RolePart((), (), ())
    host = RoleHost(deployment, name, "monitoring")
    resources: list[Resource] = [
        Packages(names=(NODE_EXPORTER,)),
        *manager_resources(host.manager),
        *node_exporter(inventory, monitoring, name).kept_running(host),
    ]
    if name in inventory.directors.hosts:
        content = host.render("expected.prom.j2", **expected(inventory, host.runtime))
        resources.append(RenderedFile(path=EXPECTED_METRICS, content=content))
    if name in (*inventory.directors.hosts, *(inventory.edges.hosts if inventory.edges else ())):
        resources += _keepalived_metrics(host)
    if inventory.edges is not None and name in inventory.edges.hosts:
        resources += edge_requests(host, monitoring, inventory.edges)
    return RolePart((), tuple(resources), ())


def node_exporter(inventory: Inventory, monitoring: Monitoring, name: str) -> PackagedDaemon:
    """Bound to the host's own address: a director would answer at the VIP otherwise."""
    address = all_hosts(inventory)[name].address
    director = name in inventory.directors.hosts
    return PackagedDaemon(
        NODE_EXPORTER,
        (
            f"--web.listen-address={endpoint(address, monitoring.ports.host)}",
            f"--collector.textfile.directory={TEXTFILES}",
            f"--collector.filesystem.mount-points-exclude={_NO_DISKS}",
            f"--{'' if director else 'no-'}collector.ipvs",
        ),
    )


def _keepalived_metrics(host: RoleHost) -> list[Resource]:
    # Keepalived goes on meanwhile.
    again = (replace(restart(KEEPALIVED_METRICS, host.manager), disturbs=False),)
    script = KEEPALIVED_METRICS_PROGRAM
    return [
        host.script(
            script,
            "keepalived-metrics.j2",
            again,
            state_folder=VRRP_STATE,
            target=f"{TEXTFILES}/cosyvoice-keepalived.prom",
            seconds=_SECONDS,
        ),
        host.unit(KEEPALIVED_METRICS, again, script=script, folder=TEXTFILES),
        Service(name=KEEPALIVED_METRICS, manager=host.manager),
    ]
