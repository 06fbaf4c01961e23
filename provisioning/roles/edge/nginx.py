"""Nginx on an edge: program, configuration, service."""

from ...model.address import endpoint
from ...model.derived.edge_admission import client_cap, edge_places
from ...model.derived.nodes import all_nodes
from ...model.derived.resolve import tells_metrics
from ...model.edge import Edges
from ...model.inventory import Inventory
from ...model.runtime import Runtime
from ...node_api import EDGE_HEALTH, METRICS, STATUS
from ...places import (
    EDGE_REQUESTS,
    EDGE_RUN,
    EDGE_SERVICE,
    NGINX,
    NGINX_CONF,
    NGINX_LOG,
    NGINX_PROGRAM,
)
from ...resources.base import Postcondition, Resource
from ...resources.directory import Directory
from ...resources.service import Service, reload, restart
from ..nginx_service import kept_running
from ..real_server.urls import node_url
from ..rendering import RenderedFile
from ..role_host import RoleHost
from .tls import as_host, certificate, certificate_service, conf_values, program_values


def nginx(host: RoleHost, edges: Edges) -> list[Resource]:
    """All of it, in the order in which it is needed."""
    anew, again = restart(NGINX, host.manager), reload(NGINX, host.manager)
    values = {"run": EDGE_RUN, "conf": NGINX_CONF, **program_values(host, edges)}
    return [
        Directory(path=NGINX_CONF.rpartition("/")[0]),
        host.script(NGINX_PROGRAM, "cosyvoice-nginx.j2", (anew,), **values),
        *certificate(host, again),
        RenderedFile(
            path=NGINX_CONF,
            content=host.render("nginx.conf.j2", **_values(host, edges)),
            validate=f'{NGINX_PROGRAM} check "$CANDIDATE"',
            triggers=(again,),
        ),
        *kept_running(host, anew),
        Service(name=NGINX, manager=host.manager),
        *certificate_service(host),
    ]


def served_nodes(inventory: Inventory, edges: Edges, runtime: Runtime) -> list[dict[str, object]]:
    """The nodes, and what each gets of an edge; of weight 0 is one that is drained."""
    hosts = inventory.real_servers.hosts
    return [
        {
            "name": node.name,
            "server": node.host,
            "endpoint": endpoint(hosts[node.host].address, node.port),
            "url": node_url(inventory, node),
            "places": edge_places(inventory, edges, node),
            "slots": node.slots or 1,
            "cards": node.cards,
            "weight": runtime.weight(node.host, hosts[node.host].weight),
        }
        for node in all_nodes(inventory)
    ]


def _values(host: RoleHost, edges: Edges) -> dict[str, object]:
    inventory, vip = host.inventory, edges.vip.address.ip
    return {
        "nodes": served_nodes(inventory, edges, host.runtime),
        "client_cap": client_cap(inventory, edges),
        **conf_values(host, edges),
        "names": [*edges.names, as_host(vip)] if edges.names else [],
        "job_paths": edges.paths.jobs,
        "other_paths": [path for path in edges.paths.others if path not in edges.paths.jobs],
        "max_upload": edges.max_upload,
        "connect_timeout": edges.connect_timeout,
        "answer_timeout": edges.answer_timeout,
        "retry_after": edges.retry_after,
        "log_format": edges.log_format.value,
        "run": EDGE_RUN,
        "watched": inventory.monitoring is not None,
        "log": NGINX_LOG,
        "requests": EDGE_REQUESTS,
        "edge_service": EDGE_SERVICE,
        "health_path": EDGE_HEALTH,
        "status_path": STATUS,
        "metrics_path": METRICS if tells_metrics(inventory) else None,
    }


def answers(edges: Edges) -> Postcondition:
    """Nginx serves on the edge itself, and knows of a node."""
    url = f"http://127.0.0.1:{edges.port}"
    return Postcondition(
        "Nginx answers, and a node is ready",
        f"for path in {EDGE_HEALTH} {STATUS}; do\n"
        f"    curl -fsS --noproxy '*' --max-time 5 -o /dev/null '{url}'\"$path\" || exit 1\ndone",
        60,
        f"see {NGINX_LOG} on this host; something else may listen on port {edges.port}, and "
        f"{STATUS} there has each node's reason",
    )
