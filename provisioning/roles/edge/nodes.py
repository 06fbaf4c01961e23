"""The service by which an edge knows how the nodes are."""

from ...model.edge import Edges
from ...node_api import STATUS
from ...places import (
    EDGE_METRICS,
    EDGE_NODES,
    EDGE_PROGRAM,
    EDGE_RUN,
    EDGE_SERVICE,
    NODE_EXPORTER,
    TEXTFILES,
)
from ...resources.base import Resource
from ...resources.directory import Directory
from ...resources.package import Packages
from ...resources.service import Service, restart
from ..rendering import RenderedFile
from ..role_host import RoleHost
from .nginx import served_nodes


def node_watch(host: RoleHost, edges: Edges) -> list[Resource]:
    """Its file of nodes, its program and its definition."""
    again = (restart(EDGE_SERVICE, host.manager),)
    watched = host.inventory.monitoring is not None
    content = host.render(
        "edge-nodes.j2",
        admission=edges.admission.value,
        run=EDGE_RUN,
        nodes=served_nodes(host.inventory, edges, host.runtime),
        metrics=EDGE_METRICS if watched else "",
    )
    return [
        # With the folder that it writes to.
        *((Packages(names=(NODE_EXPORTER,)),) if watched else ()),
        Directory(path=EDGE_NODES.rpartition("/")[0]),
        RenderedFile(path=EDGE_NODES, content=content, triggers=again),
        RenderedFile(
            path=EDGE_PROGRAM,
            content=host.render("cosyvoice-edge.j2", status_path=STATUS),
            mode=0o755,
            validate='python3 -I -c \'import sys; compile(open(sys.argv[1]).read(), "", "exec")\''
            ' "$CANDIDATE"',
            triggers=again,
        ),
        host.unit(
            EDGE_SERVICE,
            again,
            script=EDGE_PROGRAM,
            nodes_file=EDGE_NODES,
            folder=TEXTFILES if watched else "",
        ),
        Service(name=EDGE_SERVICE, manager=host.manager),
    ]
