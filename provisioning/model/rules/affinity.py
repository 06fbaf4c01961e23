"""A Gradio session lives in one process; its requests come over several connections."""

from collections.abc import Iterator

from ..derived.resolve import routes_sessions
from ..service import Scheduler
from .capacity import weights_of
from .finding import Context, Finding, warning

_BY_CLIENT = {Scheduler.SH, Scheduler.MH}
_BY_DESTINATION = {Scheduler.DH, Scheduler.LBLC, Scheduler.LBLCR}


def sessions(context: Context) -> Iterator[Finding]:
    """All of a client's connections should reach one node, unless the nodes sort that out."""
    if routes_sessions(context.inventory):
        return
    for index, service in enumerate(context.inventory.services):
        path = ("services", index)
        if service.persistence is not None or len(weights_of(context.inventory, service)) < 2:
            continue
        if service.scheduler not in _BY_CLIENT | _BY_DESTINATION | {Scheduler.FO}:
            yield warning(
                (*path, "persistence"),
                f"{service.scheduler} without persistence sends a page's requests to different "
                "nodes, and a Gradio session lives in one",
                "add persistence: {timeout: 3600}, or scheduler: mh (or sh), or session_routing: "
                "true under app if it uses that layer",
                None,
                (*path, "scheduler"),
            )
        elif service.scheduler in _BY_CLIENT and service.hash_port:
            yield warning(
                (*path, "hash_port"),
                "each connection of a page has another port and goes to another node",
                "remove it, or add persistence",
                None,
                (*path, "scheduler"),
            )


def destination_hashing(context: Context) -> Iterator[Finding]:
    """dh, lblc and lblcr choose by destination, which is the VIP for everyone."""
    for index, service in enumerate(context.inventory.services):
        servers = len(weights_of(context.inventory, service))
        if service.scheduler in _BY_DESTINATION and servers > 1:
            yield warning(
                ("services", index, "scheduler"),
                f"{service.scheduler} chooses by destination, and there is one: the VIP; it is "
                "made for caches and sends everyone to the same node",
                "write wlc with persistence, or sh or mh to choose by client",
                service.scheduler.value,
            )


def hashing_options(context: Context) -> Iterator[Finding]:
    """They belong to sh and mh."""
    for index, service in enumerate(context.inventory.services):
        if service.scheduler in _BY_CLIENT:
            if not service.hash_fallback:
                yield warning(
                    ("services", index, "hash_fallback"),
                    "clients whose hash meets a server of weight 0 (drained) or a full one are "
                    "refused",
                    "write true, or remove it",
                    None,
                    ("services", index, "scheduler"),
                )
            continue
        for key in ("hash_fallback", "hash_port"):
            if key in service.model_fields_set:
                yield warning(
                    ("services", index, key),
                    f"has no effect with {service.scheduler}: it is for sh and mh",
                    "remove it, or write scheduler: mh",
                    None,
                    ("services", index, "scheduler"),
                )
