"""Nginx on a real server: it ends TLS and passes requests on to the app beside it."""

from dataclasses import replace

from ...model.derived.nodes import nodes_of
from ...model.derived.resolve import app_services, is_ipv4, tells_metrics
from ...model.derived.tls_hosts import tls_hosts
from ...model.derived.tls_services import HTTPS_PORT, server_name
from ...model.inventory import Inventory
from ...model.service import check_path
from ...model.tls.tls import Tls
from ...node_api import HEALTH, METRICS, STATUS
from ...places import (
    ACME_PROGRAM,
    CERTIFICATE_FILE,
    NGINX,
    NGINX_CONF,
    NGINX_LISTEN,
    NGINX_LOG,
    NGINX_PROGRAM,
    VIP_SERVICE,
)
from ...resources.base import Postcondition, Resource
from ...resources.directory import Directory
from ...resources.package import Packages
from ...resources.service import Service, reload, restart
from ..certificate_file import certificate_file
from ..nginx_service import kept_running
from ..rendering import RenderedFile
from ..role_host import RoleHost
from .acme import acme, acme_service, acme_values


def nginx(host: RoleHost) -> list[Resource]:
    """Package, program, certificate, configuration and service, in this order; nothing without
    TLS, and where edges end it for all."""
    tls = host.inventory.tls
    if tls is None or host.name not in tls_hosts(host.inventory):
        return []
    # What is under way is finished by the old workers, so nobody is disturbed.
    again = replace(reload(NGINX, host.manager), disturbs=False)
    anew = restart(NGINX, host.manager)
    values = _values(host, tls)
    return [
        Packages(names=("nginx",)),
        Directory(path=NGINX_CONF.rpartition("/")[0]),
        host.script(NGINX_PROGRAM, "cosyvoice-nginx.j2", (anew,), **values),
        *certificate_file(host, again),
        *acme(host),
        RenderedFile(
            path=NGINX_CONF,
            content=host.render("nginx.conf.j2", **values),
            validate=f'{NGINX_PROGRAM} check "$CANDIDATE"',
            triggers=(again,),
        ),
        *kept_running(host, anew, after=VIP_SERVICE),
        Service(name=NGINX, manager=host.manager),
        *acme_service(host),
    ]


def _values(host: RoleHost, tls: Tls) -> dict[str, object]:
    inventory = host.inventory
    service = app_services(inventory)[0]
    ports = [node.port for node in nodes_of(inventory, host.name)]
    ipv6 = not all(map(is_ipv4, inventory.virtual_ips))
    addresses = [
        str(vip.address.ip) if is_ipv4(vip) else f"[{vip.address.ip}]"
        for vip in inventory.virtual_ips
    ]
    redirect = tls.redirect_port and {
        "listen": _listen(tls.redirect_port, ipv6=ipv6),
        "names": tls.names,
        "addresses": addresses,
        "host": server_name(tls) or addresses[0],
    }
    return {
        # With a node a card, all of this host's.
        "nodes": [f"127.0.0.1:{port}" for port in ports] if len(ports) > 1 else [],
        "app": "http://app" if len(ports) > 1 else f"http://127.0.0.1:{ports[0]}",
        "asked": "http://asked" if len(ports) > 1 else f"http://127.0.0.1:{ports[0]}",
        "redirect": redirect,
        "other_port": None if tls.port == HTTPS_PORT else tls.port,
        "listen": _listen(tls.port, ipv6=ipv6),
        "listen_file": NGINX_LISTEN,
        "hsts": tls.hsts,
        "check_path": check_path(service),
        "health_path": HEALTH,
        # What another app has there is its own.
        "own_paths": [
            *([METRICS] if tells_metrics(inventory) else []),
            *([STATUS] if inventory.app.source == "builtin" else []),
        ],
        "certificate": CERTIFICATE_FILE,
        "conf": NGINX_CONF,
        "log": NGINX_LOG,
        "acme": acme_values(host) if tls.acme else None,
        "acme_program": ACME_PROGRAM,
    }


def _listen(port: int, *, ipv6: bool) -> list[str]:
    """A socket for each family: on one for both, clients of IPv4 would have addresses of IPv6."""
    return [str(port), f"[::]:{port}"] if ipv6 else [str(port)]


def answers_tls(inventory: Inventory) -> tuple[Postcondition, ...]:
    """TLS is spoken at the VIPs on the real server itself; nothing is said of the certificate."""
    tls = inventory.tls
    if tls is None or not inventory.virtual_ips:
        return ()
    urls = [
        f"https://{vip.address.ip}:{tls.port}/"
        if is_ipv4(vip)
        else f"https://[{vip.address.ip}]:{tls.port}/"
        for vip in inventory.virtual_ips
    ]
    probes = "\n".join(
        f"curl -ksS --noproxy '*' --max-time 5 -o /dev/null '{url}' || exit 1" for url in urls
    )
    return (
        Postcondition(
            "Nginx speaks TLS at the VIP",
            probes,
            30,
            f"see {NGINX_LOG} on this host; something else may listen on port {tls.port}",
        ),
    )
