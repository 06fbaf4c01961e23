"""mtail on an edge: its requests as metrics, from the record that Nginx keeps."""

from ...model.edge import Edges
from ...model.watching.monitoring import Monitoring
from ...places import EDGE_REQUESTS, MTAIL, MTAIL_PROGRAMS
from ...resources.base import Resource
from ...resources.directory import Directory
from ...resources.package import Packages
from ..rendering import RenderedFile
from ..role_host import RoleHost
from .daemon import PackagedDaemon

_PROGRAM = f"{MTAIL_PROGRAMS}/edge.mtail"
_READERS = "adm"
"""Debian's group of those who read logs."""


def edge_requests(host: RoleHost, monitoring: Monitoring, edges: Edges) -> list[Resource]:
    """Its program and its service."""
    runs = daemon(host, monitoring, edges)
    content = host.render("edge.mtail.j2", log_format=edges.log_format.value)
    # It takes folders, and files by the ends of their names.
    validate = (
        f'{MTAIL} --compile_only --logtostderr --address 127.0.0.1 --port 0 --progs "$folder"'
    )
    return [
        Packages(names=(MTAIL,)),
        Directory(path=MTAIL_PROGRAMS),
        RenderedFile(
            path=_PROGRAM,
            content=content,
            validate='folder=$(mktemp -d) && cp "$CANDIDATE" "$folder/edge.mtail" && '
            f'{{ {validate}; said=$?; rm -r "$folder"; [ "$said" = 0 ]; }}',
            triggers=(runs.anew(host.manager),),
        ),
        *runs.kept_running(host),
    ]


def daemon(host: RoleHost, monitoring: Monitoring, edges: Edges) -> PackagedDaemon:
    """Bound to the host's own address: the master would answer at the VIP otherwise."""
    return PackagedDaemon(
        MTAIL,
        (
            f"--progs={MTAIL_PROGRAMS}",
            f"--logs={EDGE_REQUESTS}",
            f"--address={edges.hosts[host.name].address}",
            f"--port={monitoring.ports.edge}",
            "--logtostderr",
            "--emit_prog_label=false",
        ),
        user=MTAIL,
        group=_READERS,
    )
