"""A certificate by ACME: the program that keeps it on a host, and when it looks.

Real servers ask for it, and give it to each other. Edges take it over from them.
"""

import json
from dataclasses import replace
from importlib import resources

from ...model.hosts import ServiceManager
from ...model.tls.tls import Acme
from ...places import (
    ACME,
    ACME_AUTHORITY,
    ACME_HOOK,
    ACME_LOG,
    ACME_PROGRAM,
    ACME_SETTINGS,
    ACME_STATE,
    CERTIFICATE_FILE,
    NGINX,
    NGINX_CONF,
    NGINX_PROGRAM,
    SECRET_FILE,
)
from ...resources.base import Handler, Resource
from ...resources.directory import Directory
from ...resources.file import File
from ...resources.package import Packages
from ...resources.service import Service, restart
from ...resources.supervisor import SOCKET
from ..rendering import RenderedFile
from ..role_host import RoleHost
from ..secret_files import secret_files
from .urls import own_url

_EVERY = 300
"""Seconds between looks: as long as a node may go on with an old certificate."""
_PUBLISHED = "/.well-known/cosyvoice-certificate"


def acme(host: RoleHost) -> list[Resource]:
    """Packages, program and settings, before Nginx that needs a certificate; nothing where it comes
    otherwise."""
    wanted = _acme(host)
    if wanted is None:
        return []
    source = resources.files(__package__) / "acme_program.py"
    program = f"#!/usr/bin/python3\n{source.read_text('utf-8')}"
    asks = _asks(host)
    return [
        Packages(names=(*(("lego",) if asks else ()), "python3-cryptography")),
        File(path=ACME_PROGRAM, content=program, mode=0o755),
        Directory(path=ACME_STATE),
        Directory(path=f"{ACME_STATE}/private", mode=0o700),
        # Edges need the nodes' secret too, by which these seal what they publish.
        *(
            [Directory(path=f"{ACME_STATE}/www"), *_brought(wanted)]
            if asks
            else secret_files(host.deployment.secret)
        ),
        File(path=ACME_SETTINGS, content=json.dumps(_settings(host, wanted), indent=2) + "\n"),
    ]


def acme_service(host: RoleHost) -> list[Resource]:
    """The timer that makes it look, once Nginx is there."""
    if _acme(host) is None:
        return []
    values = {"script": ACME_PROGRAM, "every": _EVERY, "log": ACME_LOG}
    host = replace(host, folder="real_server")
    if host.manager is ServiceManager.SUPERVISOR:
        anew = replace(restart(ACME, host.manager), disturbs=False)
        return [host.unit(ACME, (anew,), **values), Service(name=ACME, manager=host.manager)]
    timer = f"{ACME}.timer"
    anew = replace(restart(timer, host.manager), disturbs=False)
    known = Handler("systemd knows", "systemctl daemon-reload", disturbs=False)
    return [
        host.unit(ACME, (known,), **values),
        RenderedFile(
            path=f"/etc/systemd/system/{timer}",
            content=host.render(f"{timer}.j2", **values),
            triggers=(anew,),
        ),
        Service(name=timer, manager=host.manager),
    ]


def acme_values(host: RoleHost) -> dict[str, object]:
    """For Nginx: who else may have the answer, and who may have the certificate."""
    others, nodes = _others(host), host.inventory.real_servers.hosts
    edges = host.inventory.edges.hosts if host.inventory.edges else {}
    return {
        "www": f"{ACME_STATE}/www",
        "peers": [url.removeprefix("http://") for url in others],
        "allowed": [str(one.address) for one in (*nodes.values(), *edges.values())],
    }


def _acme(host: RoleHost) -> Acme | None:
    return host.inventory.tls.acme if host.inventory.tls else None


def _asks(host: RoleHost) -> bool:
    """The authority may be asked by this host."""
    return host.name in host.inventory.real_servers.hosts


def _brought(wanted: Acme) -> list[File]:
    """Files of the control machine."""
    found = []
    if wanted.authority is not None:
        content = wanted.authority.read_text(encoding="utf-8")
        found.append(File(path=ACME_AUTHORITY, content=content))
    if wanted.dns_hook is not None:
        content = wanted.dns_hook.read_text(encoding="utf-8")
        # It may hold what opens the zone.
        found.append(File(path=ACME_HOOK, content=content, mode=0o700, sensitive=True))
    return found


def _settings(host: RoleHost, wanted: Acme) -> dict[str, object]:
    tls = host.inventory.tls
    assert tls is not None
    nodes, asks = list(host.inventory.real_servers.hosts), _asks(host)
    reload = ["systemctl", "try-reload-or-restart", NGINX]
    if host.manager is ServiceManager.SUPERVISOR:
        reload = ["supervisorctl", "-s", f"unix://{SOCKET}", "signal", "HUP", NGINX]
    return {
        "names": tls.names,
        "email": wanted.email,
        "directory": wanted.directory,
        "authority": ACME_AUTHORITY if wanted.authority else None,
        "hook": ACME_HOOK if wanted.dns_hook else None,
        "renew_days": wanted.renew_days,
        "asks": asks,
        "rank": nodes.index(host.name) if asks else len(nodes),
        "nodes": len(nodes),
        "sources": [f"{url}{_PUBLISHED}" for url in _others(host)],
        "secret": SECRET_FILE,
        "certificate": CERTIFICATE_FILE,
        "state": f"{ACME_STATE}/private",
        "webroot": f"{ACME_STATE}/www",
        "published": f"{ACME_STATE}/www/certificate" if asks else None,
        "check": [NGINX_PROGRAM, "check", NGINX_CONF],
        "reload": reload,
    }


def _others(host: RoleHost) -> list[str]:
    """URLs of the other nodes' Nginx, where it speaks in clear text."""
    tls = host.inventory.tls
    assert tls is not None
    port = tls.redirect_port or 80
    return [
        own_url(one.address, port)
        for name, one in host.inventory.real_servers.hosts.items()
        if name != host.name
    ]
