"""TLS on an edge: its certificate, and what its Nginx has to know of it."""

from collections.abc import Sequence

from ...model.address import IPAddress
from ...model.derived.tls_services import HTTPS_PORT, chosen_name
from ...model.edge import Edges
from ...model.tls.tls import Tls
from ...places import ACME_PROGRAM, CERTIFICATE_FILE, NGINX_LISTEN, NGINX_LISTEN_DEFAULT
from ...resources.base import Handler, Resource
from ..certificate_file import certificate_file
from ..real_server.acme import acme, acme_service, acme_values
from ..role_host import RoleHost


def certificate(host: RoleHost, again: Handler) -> list[Resource]:
    """The certificate and its key, before Nginx that needs them; nothing without TLS."""
    return [*certificate_file(host, again), *acme(host)] if host.inventory.tls else []


def certificate_service(host: RoleHost) -> list[Resource]:
    """The program that takes a newer one over from the real servers, once Nginx is there; nothing
    where it does not come by ACME."""
    return acme_service(host) if host.inventory.tls else []


def program_values(host: RoleHost, edges: Edges) -> dict[str, object]:
    """Of the program that starts Nginx."""
    tls = host.inventory.tls
    if tls is None:
        return {"tls": False}
    return {
        "tls": True,
        "acme": tls.acme is not None,
        "acme_program": ACME_PROGRAM,
        "listen": listened([tls.port], edges.vip.address.ip),
        "listen_file": NGINX_LISTEN,
        "listen_default": NGINX_LISTEN_DEFAULT,
    }


def conf_values(host: RoleHost, edges: Edges) -> dict[str, object]:
    """Of its configuration."""
    tls, vip = host.inventory.tls, edges.vip.address.ip
    if tls is None:
        none = {"tls": False, "redirect": None, "hsts": 0, "acme": None}
        return {**none, "listen": listened([edges.port], vip)}
    return {
        "tls": True,
        "certificate": CERTIFICATE_FILE,
        "hsts": tls.hsts,
        "listen": [] if tls.only else listened([edges.port], vip),
        "listen_file": NGINX_LISTEN,
        "listen_default": NGINX_LISTEN_DEFAULT,
        "redirect": _redirect(tls, edges),
        "other_port": None if tls.port == HTTPS_PORT else tls.port,
        "acme": acme_values(host) if tls.acme else None,
    }


def _redirect(tls: Tls, edges: Edges) -> dict[str, object] | None:
    ports = [tls.redirect_port] if tls.redirect_port else []
    if tls.only and edges.port not in ports:
        ports.append(edges.port)
    if not ports:
        return None
    vip, names = edges.vip.address.ip, edges.names or tls.names
    return {
        "listen": listened(ports, vip),
        "names": names,
        "addresses": [as_host(vip)],
        "host": chosen_name(names) or as_host(vip),
    }


def listened(ports: Sequence[int], vip: IPAddress) -> list[str]:
    """Places to listen at: a socket for each family, as on one for both clients of IPv4 would have
    addresses of IPv6."""
    families = ("", "[::]:") if vip.version == 6 else ("",)
    return [f"{family}{port}" for port in ports for family in families]


def as_host(address: IPAddress) -> str:
    """An address as it stands in a URL."""
    return str(address) if address.version == 4 else f"[{address}]"
