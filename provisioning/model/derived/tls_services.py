"""Virtual services that TLS adds: its own port, and the one that leads there. Pure."""

from collections.abc import Sequence
from typing import Any

from ...node_api import READY
from ..service import HttpCheck, SslCheck, VirtualService
from ..tls.tls import Tls

HTTPS = "https"
REDIRECT = "redirect"
HTTPS_PORT = 443
"""The one that URLs need not name."""


def tls_services(tls: Tls, ours: Sequence[VirtualService]) -> list[VirtualService]:
    """They are balanced as the app's own first service is, by the same checks' times, on the real
    servers that have any of them."""
    app = ours[0]
    timing: dict[str, Any] = {
        key: getattr(app.check, key)
        for key in ("interval", "timeout", "retry", "delay_before_retry", "warmup")
    }
    path = app.check.path if isinstance(app.check, HttpCheck) else READY
    asked = {**timing, "path": path, "virtualhost": server_name(tls)}
    if isinstance(app.check, HttpCheck):
        asked["status"] = app.check.status
    common = {"app": False, "real_servers": _served_by(ours)}
    found = [
        app.model_copy(
            update={**common, "name": HTTPS, "port": tls.port, "check": SslCheck(**asked)}
        )
    ]
    if tls.redirect_port is not None:
        # Nginx answers checks there as it does over TLS.
        check = HttpCheck(**asked)
        update = {**common, "name": REDIRECT, "port": tls.redirect_port, "check": check}
        found.append(app.model_copy(update=update))
    return found


def _served_by(ours: Sequence[VirtualService]) -> list[str] | None:
    """Nginx there leads to the ports of all of them; ``None`` is everywhere."""
    named: list[str] = []
    for service in ours:
        if service.real_servers is None:
            return None
        named += service.real_servers
    return list(dict.fromkeys(named))


def server_name(tls: Tls) -> str | None:
    """The name that is asked by where one has to be chosen."""
    return chosen_name(tls.names)


def chosen_name(names: Sequence[str]) -> str | None:
    """The first; a wildcard is none."""
    return next((name for name in names if not name.startswith("*.")), None)
