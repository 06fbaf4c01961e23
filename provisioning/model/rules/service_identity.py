"""Virtual services are told apart by name and port, and have real servers that exist."""

from collections.abc import Iterator
from difflib import get_close_matches

from ..derived.resolve import app_services
from ..service import SslCheck
from .finding import Context, Finding, warning


def present(context: Context) -> Iterator[Finding]:
    """There is one."""
    if not context.inventory.services:
        yield Finding(
            ("services",),
            "nothing is balanced",
            "write - port: 7860 below it, or remove the key: that is the default",
        )


def names(context: Context) -> Iterator[Finding]:
    """Distinct."""
    first: dict[str, int] = {}
    for index, service in enumerate(context.inventory.services):
        other = first.setdefault(service.name, index)
        if other != index:
            yield Finding(
                ("services", index, "name"),
                f"services[{other}] is called {service.name} too",
                "give each service a name of its own",
                service.name,
                also=(("services", other, "name"),),
            )


def ports(context: Context) -> Iterator[Finding]:
    """Distinct: of two virtual servers with one address and port, Keepalived keeps one and says
    nothing."""
    first: dict[int, int] = {}
    for index, service in enumerate(context.inventory.services):
        other = first.setdefault(service.port, index)
        if other != index:
            yield Finding(
                ("services", index, "port"),
                f"services[{other}] has port {service.port} on the same VIPs",
                "give each service a port of its own",
                str(service.port),
                also=(("services", other, "port"),),
            )


def listened(context: Context) -> Iterator[Finding]:
    """The app listens at the ports of services that are not left to something else, one at least;
    and may."""
    inventory = context.inventory
    for index, service in enumerate(inventory.services):
        path = ("services", index, "port")
        if service.port == 22:
            yield Finding(path, "is where SSH listens on every host", "write another: 7860")
    if inventory.services and not app_services(inventory):
        yield Finding(
            ("services", 0, "app"),
            "the app listens nowhere",
            "remove app: false from the service that is the app's",
        )


def clear_text(context: Context) -> Iterator[Finding]:
    """The app that comes with this program speaks plain HTTP."""
    if context.inventory.app.source != "builtin":
        return
    for index, service in enumerate(context.inventory.services):
        if service.app and isinstance(service.check, SslCheck):
            yield Finding(
                ("services", index, "check", "type"),
                "the app speaks plain HTTP: every node would fail this check",
                "write http, or app: false if something of yours on the real servers ends TLS",
                service.check.type,
                also=(("services", index, "check"),),
            )


def unused(context: Context) -> Iterator[Finding]:
    """Each real server serves something."""
    services = context.inventory.services
    if any(service.real_servers is None for service in services):
        return
    named = {name for service in services for name in service.real_servers or []}
    known = context.inventory.real_servers.hosts
    if not named or not named <= set(known):
        return  # Other rules have it.
    for name in known:
        if name not in named:
            yield warning(
                ("real_servers", "hosts", name),
                "no service names it: it gets no connections",
                "add it to services[].real_servers, or remove it",
                name,
            )


def real_servers(context: Context) -> Iterator[Finding]:
    """Named ones are in the inventory, once."""
    known = context.inventory.real_servers.hosts
    for index, service in enumerate(context.inventory.services):
        path = ("services", index, "real_servers")
        if service.real_servers == []:
            yield Finding(
                path,
                "no real server serves it",
                "name some, or remove the key: then all of them do",
            )
        for place, name in enumerate(service.real_servers or []):
            if name not in known:
                close = get_close_matches(name, known, 1)
                yield Finding(
                    (*path, place),
                    f"there is no real server {name}",
                    f"did you mean {close[0]}?" if close else "write it under real_servers: hosts:",
                    name,
                    ", ".join(known),
                    also=(("real_servers", "hosts"), ("real_servers", "hosts", name)),
                )
            elif service.real_servers and name in service.real_servers[:place]:
                yield warning((*path, place), f"{name} is named twice", "remove one", name)
