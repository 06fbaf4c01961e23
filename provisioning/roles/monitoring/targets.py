"""The things that Prometheus looks at, job by job, as its file-based service discovery has them.
Pure."""

import json
from dataclasses import dataclass

from ...model.address import IPAddress, endpoint
from ...model.derived.nodes import all_nodes
from ...model.derived.resolve import groups, speaks_tls, tells_metrics, virtual_services
from ...model.derived.tls_services import REDIRECT
from ...model.groups import managed_groups
from ...model.inventory import Inventory
from ...model.service import HttpCheck, VirtualService, check_path
from ...model.watching.monitoring import Monitoring
from ...node_api import EDGE_HEALTH

_ROLES = {"directors": "director", "real_servers": "real_server", "edges": "edge"}
"""Labels of roles whose keys are plurals."""


@dataclass(frozen=True, slots=True)
class Target:
    """One of them."""

    place: str
    """``192.0.2.1:9100``, or the URL that a probe asks."""
    role: str
    node: str
    more: tuple[tuple[str, str], ...] = ()
    """Further labels."""


@dataclass(frozen=True, slots=True)
class Job:
    """Targets of a kind."""

    name: str
    targets: tuple[Target, ...]
    modules: bool = False
    """They are asked by the blackbox exporter, as their label ``module`` says."""

    @property
    def file(self) -> str:
        """Name of its file of targets."""
        return f"{self.name}.json"

    @property
    def job_name(self) -> str:
        """Its label ``job``, which is nobody else's in a Prometheus that others use as well."""
        return f"cosyvoice-{self.name}"

    def text(self, cluster: str) -> str:
        """Content of that file."""
        groups_ = [
            {
                "targets": [one.place],
                "labels": {"cluster": cluster, "role": one.role, "node": one.node, **dict(one.more)}
                if one.node
                else {"cluster": cluster, "role": one.role, **dict(one.more)},
            }
            for one in self.targets
        ]
        return json.dumps(groups_, ensure_ascii=False, indent=1) + "\n"


def jobs(inventory: Inventory, monitoring: Monitoring) -> list[Job]:
    """Every job that has a target."""
    found = [
        Job("host", tuple(_hosts(inventory, monitoring))),
        Job("node", tuple(_nodes(inventory))),
        Job("edge", tuple(_edges(inventory, monitoring))),
        Job("probe", tuple(_probes(inventory)), modules=True),
        Job("prometheus", tuple(_watchers(monitoring, monitoring.ports.prometheus))),
        Job("alertmanager", tuple(_watchers(monitoring, monitoring.ports.alertmanager))),
    ]
    return [job for job in found if job.targets]


def _hosts(inventory: Inventory, monitoring: Monitoring) -> list[Target]:
    """Each host once, in its first role."""
    found: dict[str, Target] = {}
    for key, group in groups(inventory).items():
        if key not in managed_groups():
            continue
        for name, host in group.hosts.items():
            place = endpoint(host.address, monitoring.ports.host)
            found.setdefault(name, Target(place, _ROLES.get(key, key), name))
    return list(found.values())


def _nodes(inventory: Inventory) -> list[Target]:
    if not tells_metrics(inventory):
        return []
    hosts = inventory.real_servers.hosts
    return [
        Target(endpoint(hosts[node.host].address, node.port), "real_server", node.name)
        for node in all_nodes(inventory)
    ]


def _edges(inventory: Inventory, monitoring: Monitoring) -> list[Target]:
    hosts = inventory.edges.hosts if inventory.edges else {}
    return [
        Target(endpoint(host.address, monitoring.ports.edge), _ROLES["edges"], name)
        for name, host in hosts.items()
    ]


def _watchers(monitoring: Monitoring, port: int) -> list[Target]:
    return [
        Target(endpoint(host.address, port), "monitoring", name)
        for name, host in monitoring.hosts.items()
    ]


def _probes(inventory: Inventory) -> list[Target]:
    found = [
        _probe(inventory, vip.address.ip, service)
        for vip in inventory.virtual_ips
        for service in virtual_services(inventory)
    ]
    if (edges := inventory.edges) is not None:
        url = f"http://{endpoint(edges.vip.address.ip, edges.port)}{EDGE_HEALTH}"
        found.append(Target(url, "vip", "", (("service", "edges"), ("module", "http"))))
    return found


def _probe(inventory: Inventory, vip: IPAddress, service: VirtualService) -> Target:
    place = endpoint(vip, service.port)
    labels = (("service", service.name), ("vip", str(vip)))
    if not isinstance(service.check, HttpCheck):
        return Target(place, "vip", "", (*labels, ("module", "tcp")))
    tls = speaks_tls(inventory, service)
    module = "https" if tls else "redirect" if service.name == REDIRECT else "http"
    url = f"{'https' if tls else 'http'}://{place}{check_path(service)}"
    return Target(url, "vip", "", (*labels, ("module", module)))
