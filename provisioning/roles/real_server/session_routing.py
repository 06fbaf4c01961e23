"""Session routing on a real server: the other nodes, and the secret they share."""

from ...model.derived.resolve import routes_sessions
from ...places import PEERS_FILE
from ...resources.base import Handler, Resource
from ..rendering import RenderedFile
from ..role_host import RoleHost
from ..secret_files import secret_files
from .urls import peers


def session_routing(host: RoleHost, again: tuple[Handler, ...]) -> list[Resource]:
    """Files by which the nodes know each other; none where they do not route sessions."""
    if not routes_sessions(host.inventory):
        return []
    # Read again when it changes: a node that joins restarts nobody.
    content = host.render_once("peers.j2", lambda: {"peers": peers(host.inventory)})
    return [
        RenderedFile(path=PEERS_FILE, content=content),
        *secret_files(
            host.deployment.secret, mode=0o640, group=host.inventory.app.user, again=again
        ),
    ]
