"""Pages of the documentation on parts of the inventory."""

from ..key_path import KeyPath

_PAGES = {
    "name": "docs/operations.md",
    "vip": "docs/network.md",
    "vips": "docs/network.md",
    "interface": "docs/network.md",
    "vrrp": "docs/network.md",
    "vrrp.garp": "docs/operations.md",
    "vrrp.preempt": "docs/operations.md",
    "vrrp.notify": "docs/requirements.md",
    "ipvs": "docs/requirements.md",
    "services": "docs/operations.md",
    "services.persistence": "docs/session-routing.md",
    "directors": "docs/requirements.md",
    "real_servers": "docs/requirements.md",
    "real_servers.gpus": "docs/engines.md",
    "real_servers.gpu_health": "docs/engines.md",
    "real_servers.hosts.NAME.gpus": "docs/engines.md",
    "real_servers.hosts.NAME.workers": "docs/node.md",
    "storage": "docs/requirements.md",
    "edges": "docs/edge.md",
    "clients": "docs/operations.md",
    "tls": "docs/tls.md",
    "app": "docs/node.md",
    "app.engine": "docs/engines.md",
    "app.venv": "docs/releases.md",
    "app.source": "docs/releases.md",
    "app.ref": "docs/releases.md",
    "app.python": "docs/releases.md",
    "app.keep_releases": "docs/releases.md",
    "app.session_routing": "docs/session-routing.md",
    "artifacts": "docs/artifacts.md",
    "spreading": "docs/artifacts.md",
    "notify": "docs/rolling-upgrade.md",
    "hooks": "docs/hooks.md",
    "ssh": "docs/requirements.md",
    "service_manager": "docs/requirements.md",
    "templates": "docs/deploy.md",
    "vars": "docs/deploy.md",
    "forks": "docs/many-hosts.md",
}
"""By the part's place, without the brackets of lists."""


def page_of(place: KeyPath) -> str:
    """The page on the key, or on the part that it is of; empty where none is."""
    words = [str(part) for part in place if not isinstance(part, int)]
    for length in range(len(words), 0, -1):
        if page := _PAGES.get(".".join(words[:length])):
            return page
    return ""
