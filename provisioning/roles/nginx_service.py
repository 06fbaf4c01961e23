"""Nginx's service on a host of whatever role: our program in place of the package's command."""

from dataclasses import replace

from ..model.hosts import ServiceManager
from ..places import NGINX, NGINX_CONF, NGINX_PROGRAM
from ..resources.base import Handler, Resource
from ..resources.directory import Directory
from .rendering import RenderedFile
from .role_host import RoleHost


def kept_running(host: RoleHost, anew: Handler, after: str = "") -> list[Resource]:
    """Nginx runs by our program, ``after`` another service, and is started again when it dies; a
    change is taken up by ``anew``."""
    host = replace(host, folder="nginx")
    if host.manager is ServiceManager.SUPERVISOR:
        return [host.unit(NGINX, (anew,), script=NGINX_PROGRAM)]
    # The package brings the unit.
    path = f"/etc/systemd/system/{NGINX}.service.d"
    values = {"script": NGINX_PROGRAM, "conf": NGINX_CONF, "after": after}
    content = host.render("nginx.restart.conf.j2", **values)
    return [
        Directory(path=path),
        RenderedFile(path=f"{path}/cosyvoice.conf", content=content, triggers=(anew,)),
    ]
