"""Session routing on a real server: the other nodes, and the secret they share."""

from ...model.derived.resolve import routes_sessions
from ...places import PEERS_FILE, SECRET_FILE
from ...resources.base import Handler, Resource
from ...resources.file import File
from ..rendering import RenderedFile
from ..role_host import RoleHost
from .urls import peers


def session_routing(host: RoleHost, again: tuple[Handler, ...]) -> list[Resource]:
    """Files by which the nodes know each other; none where they do not route sessions."""
    if not routes_sessions(host.inventory):
        return []
    # Read again when it changes: a node that joins restarts nobody.
    content = host.render_once("peers.j2", lambda: {"peers": peers(host.inventory)})
    return [RenderedFile(path=PEERS_FILE, content=content), *_secret(host, again)]


def _secret(host: RoleHost, again: tuple[Handler, ...]) -> list[File]:
    secret = host.deployment.secret
    if secret is None:
        return []
    return [
        File(
            path=SECRET_FILE,
            content=f"{secret}\n",
            mode=0o640,
            group=host.inventory.app.user,
            sensitive=True,
            triggers=again,
        )
    ]
