"""Health checks: how fast they notice, and what Keepalived makes of them."""

from collections.abc import Iterator
from string import Formatter

from ..service import Check, HttpCheck, MiscCheck, SslCheck, TcpCheck
from .finding import Context, Finding, warning

_SLOW = 60.0
_FIELDS = {"address", "port"}


def worst_detection(check: Check) -> float:
    """Seconds until a host that went silent is out (check_api.c, check_tcp.c of Keepalived)."""
    tries = check.retry + 1
    return check.interval + tries * check.timeout + check.retry * check.delay_before_retry


def detection(context: Context) -> Iterator[Finding]:
    """A dead node is out within a minute."""
    for index, service in enumerate(context.inventory.services):
        check = service.check
        if (seconds := worst_detection(check)) > _SLOW:
            yield warning(
                ("services", index, "check"),
                f"a silent node is noticed after up to {seconds:g} s: interval {check.interval:g} "
                f"+ {check.retry + 1} x timeout {check.timeout:g} + {check.retry} x "
                f"delay_before_retry {check.delay_before_retry:g}",
                "shorten them; the defaults give 10 s",
                f"{seconds:g} s",
            )


def misc_timing(context: Context) -> Iterator[Finding]:
    """A script ends before it is started again."""
    for index, service in enumerate(context.inventory.services):
        check, path = service.check, ("services", index, "check", "timeout")
        if not isinstance(check, MiscCheck):
            continue
        if check.timeout >= check.interval:
            yield Finding(
                path,
                f"not below the interval of {check.interval:g} s, at which the script starts again",
                "shorten it, or lengthen the interval",
                f"{check.timeout:g}",
                f"a whole number below {check.interval:g}",
                also=((*path[:-1], "interval"),),
            )
        elif check.timeout != int(check.timeout):
            yield warning(
                path,
                "rounded: Keepalived takes whole seconds for scripts (misc_timeout)",
                f"write {max(1, round(check.timeout))}",
                f"{check.timeout:g}",
            )


def misc_fields(context: Context) -> Iterator[Finding]:
    """Only {address} and {port} are filled in."""
    for index, service in enumerate(context.inventory.services):
        if not isinstance(service.check, MiscCheck):
            continue
        path = ("services", index, "check", "command")
        try:
            names = [
                name if not spec and not conversion else f"{name}!"
                for _, name, spec, conversion in Formatter().parse(service.check.command)
            ]
        except ValueError:
            names = ["{"]
        for name in names:
            if name is not None and name not in _FIELDS:
                yield Finding(
                    path,
                    "a brace that is neither {address} nor {port}",
                    "use those two, or put the rest into the script",
                    allowed="{address} and {port}",
                )
                break


def kinds(context: Context) -> Iterator[Finding]:
    """Find what a check cannot see, and ports that speak another protocol than it."""
    for index, service in enumerate(context.inventory.services):
        check, path = service.check, ("services", index, "check")
        if isinstance(check, SslCheck):
            continue
        if isinstance(check, HttpCheck) and service.port in (443, 8443):
            plain = service.app and context.inventory.app.source == "builtin"
            yield warning(
                (*path, "type"),
                f"port {service.port} speaks TLS as a rule, and "
                + ("the app answers in clear text" if plain else "this asks in clear text"),
                "write type: ssl" + (" and app: false, with a proxy that ends it" * plain),
                check.type,
                ("services", index, "port"),
            )
        elif isinstance(check, TcpCheck) and check.interval < check.timeout:
            yield warning(
                (*path, "timeout"),
                f"longer than the interval of {check.interval:g} s",
                "shorten it; a connection in one segment takes milliseconds",
            )
