"""The role of monitoring hosts. Pure."""

from ...model.address import endpoint
from ...model.derived.resolve import service_manager_of
from ...model.hosts import ServiceManager
from ...model.inventory import Inventory
from ...model.watching.monitoring import Monitoring
from ...places import ALERT_RELAY, ALERTMANAGER, BLACKBOX_EXPORTER, MONITORING_CONF, PROMETHEUS
from ...resources.base import Postcondition
from ...resources.directory import Directory
from ...resources.package import Packages
from ..deployment import Deployment
from ..machines import Machines
from ..network import address_requirement
from ..part import RolePart
from ..programs import manager_requirement, manager_resources
from ..role import Log, Role
from ..role_host import RoleHost
from .alertmanager import alertmanager
from .blackbox import blackbox
from .openings import openings
from .prometheus import prometheus, room
from .question import MONITORING_QUESTION
from .relay import relay, relay_answers
from .view import monitoring_view

_SERVICES = (PROMETHEUS, ALERTMANAGER, BLACKBOX_EXPORTER)


def part(deployment: Deployment, name: str) -> RolePart:
    """Requirements and resources of one monitoring host, in the order in which they are applied."""
    host = RoleHost(deployment, name, "monitoring")
    inventory, manager = host.inventory, host.manager
    monitoring = inventory.monitoring
    assert monitoring is not None
    return RolePart(
        (
            manager_requirement(manager),
            address_requirement(inventory, name),
            room(monitoring),
        ),
        (
            Packages(names=("curl", PROMETHEUS, ALERTMANAGER, BLACKBOX_EXPORTER)),
            *manager_resources(manager),
            Directory(path=MONITORING_CONF),
            *blackbox(host, monitoring),
            *relay(host, monitoring),
            *alertmanager(host, monitoring),
            *prometheus(host, monitoring),
        ),
        (_answers(monitoring, name), *relay_answers(host, monitoring)),
    )


def _answers(monitoring: Monitoring, name: str) -> Postcondition:
    address, ports = monitoring.hosts[name].address, monitoring.ports
    urls = [
        f"'http://{endpoint(address, port)}/-/ready'"
        for port in (ports.prometheus, ports.alertmanager)
    ]
    return Postcondition(
        "Prometheus and Alertmanager are ready",
        f"for url in {' '.join(urls)}; do\n"
        "    curl -fsS -g --noproxy '*' --max-time 5 -o /dev/null \"$url\" || exit 1\ndone",
        120,
        f"see `cluster logs {name}`; something else may listen on one of monitoring.ports",
    )


def _logs(inventory: Inventory, name: str) -> tuple[Log, ...]:
    supervised = service_manager_of(inventory, name) is ServiceManager.SUPERVISOR
    monitoring = inventory.monitoring
    services = (*_SERVICES, ALERT_RELAY) if monitoring and monitoring.bots else _SERVICES
    return tuple(
        Log(service, f"/var/log/{service}.log" if supervised else None) for service in services
    )


MONITORING = Role(
    key="monitoring",
    name="monitoring hosts",
    order=40,
    part=part,
    view=monitoring_view,
    logs=_logs,
    openings=openings,
    # Half of it is its disk, where a gigabyte of metrics has to have room.
    machines=Machines(kind="monitoring host", prefix="mon", first=71, memory=3000),
    diagnostics={
        "prometheus-targets.txt": f"cat {MONITORING_CONF}/targets/*.json",
        "prometheus-disk.txt": "du -s /var/lib/prometheus/*; df -h /var/lib/prometheus",
    },
    question=MONITORING_QUESTION,
)
"""Last: what it looks at is there then."""
