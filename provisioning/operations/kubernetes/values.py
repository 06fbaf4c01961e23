"""Values of the chart, by the inventory's names. Pure.

Whatever the inventory holds is data there: no value becomes a template or YAML by itself.
"""

from ... import __version__
from ...model.artifact import with_paths
from ...model.derived.engine_needs import artifacts_of, engine_variables
from ...model.derived.nodes import all_nodes
from ...model.derived.owner_variables import owner_variables
from ...model.derived.resolve import app_services, gpus_of
from ...model.derived.slots import jobs_of_a_card
from ...model.derived.way_in import edges_alone, way_in_vips
from ...model.engine import NONE
from ...model.inventory import Inventory
from ...model.service import VirtualService
from ...model.vrrp import VirtualIP
from ...roles.real_server.outputs import output_folder
from ...roles.storage import mount_source

_PRIVILEGED = 1024
"""Ports below it are not for accounts other than root; a Service translates."""
_USUAL_PORT = 7860
_VOLUME_OPTIONS = ("_netdev", "nofail", "bg")
"""Options of fstab(5) and of a boot, which a volume has no use for."""
ENVIRONMENT_SECRET = "cosyvoice-environment"  # nosec B105


def values_of(inventory: Inventory) -> dict[str, object]:
    """The chart's values: sections of the inventory first, then what is Kubernetes' own."""
    nodes = [*all_nodes(inventory)]
    app, gpus = inventory.app, gpus_of_a_pod(inventory)
    return {
        "name": inventory.name,
        "vips": [str(vip.address.ip) for vip in vips_of(inventory)],
        "replicas": len(nodes),
        "services": _client_ports(inventory),
        "app": {
            "server": app.server.value,
            "listen": _listen(inventory),
            "port": _port(inventory),
            "workers": app.workers,
            "slots_by_card": _slots_by_card(inventory),
            "jobs_per_gpu": jobs_of_a_card(inventory),
            "queue_size": app.queue_size,
            "job_timeout": app.job_timeout,
            "stop_timeout": app.stop_timeout,
            "enable_queue": app.enable_queue,
            "session_routing": app.session_routing is not False,
            "arguments": app.arguments,
            "environment_secret": ENVIRONMENT_SECRET if app.environment else None,
        },
        "engine": {"variables": _variables(inventory)},
        "gpus": gpus,
        "gpu_health": inventory.real_servers.gpu_health.value,
        "artifacts": {
            "names": [*artifacts_of(inventory)],
            "mount_point": f"{app.directory}/current/artifacts",
            "claim": None,
            "image": None,
        },
        "storage": _storage(inventory),
        "tls": _tls(inventory),
        "monitoring": {
            "enabled": inventory.monitoring is not None,
            "interval": inventory.monitoring.interval if inventory.monitoring else 15,
            "labels": {},
        },
        **_of_kubernetes(inventory, len(nodes), gpus),
    }


def vips_of(inventory: Inventory) -> list[VirtualIP]:
    """VIPs that a Service can have: the first of each family."""
    by_family = {vip.address.version: vip for vip in reversed(way_in_vips(inventory))}
    return [vip for vip in way_in_vips(inventory) if vip is by_family[vip.address.version]]


def gpus_of_a_pod(inventory: Inventory) -> int:
    """Cards of each pod: the most that a real server's node has, or that it should have; 0 without
    any."""
    engine = inventory.app.engine
    if engine is not None and engine.gpus == NONE:
        return 0
    counted = max((node.cards for node in all_nodes(inventory)), default=0)
    if counted:
        return counted
    expected = (gpus_of(inventory, name) for name in inventory.real_servers.hosts)
    return max((one.count for one in expected if one), default=0)


def _slots_by_card(inventory: Inventory) -> bool:
    engine = inventory.app.engine
    return inventory.app.per_gpu or (engine is not None and engine.gpus not in (None, NONE))


def _services(inventory: Inventory) -> list[VirtualService]:
    services = app_services(inventory)
    # A node a card had a port for each; here each is a pod, behind one.
    return services[:1] if inventory.app.per_gpu else services


def _client_ports(inventory: Inventory) -> list[dict[str, object]]:
    """Ports that clients ask; behind edges alone they never saw those of the nodes."""
    if edges := edges_alone(inventory):
        return [{"name": "edges", "port": edges.port}]
    return [{"name": one.name, "port": one.port} for one in _services(inventory)]


def _port(inventory: Inventory) -> int:
    ports = [one.port for one in _services(inventory)]
    return ports[0] if ports and ports[0] >= _PRIVILEGED else _USUAL_PORT


def _listen(inventory: Inventory) -> str:
    hosts = inventory.real_servers.hosts.values()
    ipv6_alone = bool(hosts) and all(host.address.version == 6 for host in hosts)
    if ipv6_alone or any(vip.address.version == 6 for vip in vips_of(inventory)):
        # Of both families, where pods have both.
        return "::"
    return "0.0.0.0"  # nosec B104


def _variables(inventory: Inventory) -> dict[str, str]:
    values = {
        name: with_paths(str(value), inventory.app.directory)
        for name, value in engine_variables(inventory).items()
    }
    # The pod says by itself what cards it has.
    return owner_variables(inventory) | {
        name: value
        for name, value in values.items()
        if name not in ("COSYVOICE_GPUS", "COSYVOICE_JOBS_PER_GPU") or value == NONE
    }


def _storage(inventory: Inventory) -> dict[str, object]:
    storage, nfs = inventory.storage, None
    if storage is not None:
        server, _, path = mount_source(inventory).rpartition(":")
        nfs = {
            "server": server.strip("[]"),
            "path": path,
            "mount_options": [one for one in storage.mount_options if one not in _VOLUME_OPTIONS],
        }
    return {
        "enabled": storage is not None,
        "mount_point": output_folder(inventory),
        "nfs": nfs,
        "claim": None,
        "storage_class": None,
        "size": "100Gi",
    }


def _tls(inventory: Inventory) -> dict[str, object]:
    tls = inventory.tls
    return {
        "names": tls.names if tls else [],
        "by": "ingress",
        "class": None,
        "secret": None,
        "annotations": {},
        "port": tls.port if tls else 443,
        "redirect_port": tls.redirect_port if tls else 80,
        "hsts": tls.hsts if tls else 0,
    }


def _of_kubernetes(inventory: Inventory, nodes: int, gpus: int) -> dict[str, object]:
    behind = inventory.tls is not None and bool(inventory.tls.names) and inventory.tls.only
    tolerated = {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}
    return {
        "image": {
            "repository": "cosyvoice-cluster",
            "tag": __version__,
            "pull_policy": "IfNotPresent",
        },
        "pull_secrets": [],
        "secret": {"name": None},
        "service": {
            "type": "ClusterIP" if behind else "LoadBalancer",
            "load_balancer": None,
            "load_balancer_class": None,
            "external_traffic_policy": "Cluster",
            "annotations": {},
        },
        "trusted_proxies": [],
        "network_policy": {"enabled": True, "clients": [], "egress": []},
        "drain_seconds": 10,
        "min_ready_seconds": 5,
        "state": {"size": "2Gi", "storage_class": None},
        "resources": {"requests": {"cpu": "1", "memory": "2Gi"}, "limits": {}},
        "gpu_resource": "nvidia.com/gpu",
        "runtime_class": None,
        "node_selector": {"nvidia.com/gpu.present": "true"} if gpus else {},
        "tolerations": [tolerated] if gpus else [],
        "scaling": {
            "enabled": False,
            "prometheus": None,
            "min_replicas": nodes,
            "max_replicas": 2 * nodes,
            "jobs_per_slot": 0.8,
            "gpu_percent": 85,
        },
    }
