"""Persistence: how long, how wide, and what it does to a dead node's clients."""

from collections.abc import Iterator

from ..derived.resolve import is_ipv4
from .finding import Context, Finding, warning
from .places import vips


def granularity(context: Context) -> Iterator[Finding]:
    """A prefix length of every VIP's family; one that leaves several clients apart."""
    families = {4 if is_ipv4(vip) else 6 for _, vip in vips(context.inventory)}
    for index, service in enumerate(context.inventory.services):
        length = service.persistence.granularity if service.persistence else None
        path = ("services", index, "persistence", "granularity")
        if length is None:
            continue
        if 4 in families and length > 32:
            yield Finding(
                path,
                "longer than an IPv4 address",
                "write 32 or less (24 keeps a /24 together), or give IPv4 and IPv6 VIPs services "
                "of their own clusters",
                None,
                "1 to 32",
                also=(("vip",), ("vips",)),
            )
        elif (families == {4} and length < 8) or (families == {6} and length < 16):
            yield warning(
                path,
                "so short that a large part of the world is one client",
                "write 24 for IPv4, 64 for IPv6, or remove it",
            )


def timeout(context: Context) -> Iterator[Finding]:
    """It outlasts a job, or the answer is asked for elsewhere."""
    job = context.inventory.app.job_timeout
    for index, service in enumerate(context.inventory.services):
        if service.persistence is not None and service.persistence.timeout < job:
            yield warning(
                ("services", index, "persistence", "timeout"),
                f"shorter than a job may take ({job} s, app.job_timeout)",
                f"write {max(3600, job * 2)}",
                None,
                ("app", "job_timeout"),
            )


def inhibit(context: Context) -> Iterator[Finding]:
    """Weight 0 keeps persistent clients where they are: at the dead node."""
    sysctls = context.inventory.ipvs.sysctls
    expires = str(sysctls.get("expire_quiescent_template", "1")) != "0"
    for index, service in enumerate(context.inventory.services):
        if service.inhibit_on_failure and service.persistence is not None and not expires:
            yield warning(
                ("services", index, "inhibit_on_failure"),
                "with persistence, and expire_quiescent_template 0, clients stay glued to a dead "
                "node",
                "write false, or remove expire_quiescent_template from ipvs: sysctls:",
                None,
                ("ipvs", "sysctls"),
            )
