"""Weights, quorum and connection limits."""

from collections.abc import Iterator

from ..inventory import Inventory
from ..service import Scheduler, VirtualService
from .finding import Context, Finding, warning

_UNWEIGHTED = {Scheduler.RR, Scheduler.LC, Scheduler.DH, Scheduler.LBLC, Scheduler.LBLCR}


def weights_of(inventory: Inventory, service: VirtualService) -> dict[str, int]:
    """The weights of the real servers that serve it."""
    names = inventory.real_servers.hosts if service.real_servers is None else service.real_servers
    known = inventory.real_servers.hosts
    return {name: known[name].weight for name in names if name in known}


def quorum(context: Context) -> Iterator[Finding]:
    """It can be reached. Keepalived would lower it."""
    for index, service in enumerate(context.inventory.services):
        weights = weights_of(context.inventory, service)
        total = sum(weights.values())
        rests = (("services", index, "real_servers"), ("real_servers", "hosts"))
        if not weights:
            continue
        if total == 0:
            yield Finding(
                ("services", index),
                f"every real server of {service.name} has weight 0: nobody is served",
                "give at least one a weight of 1",
                "",
                also=rests,
            )
        elif service.quorum > total:
            yield Finding(
                ("services", index, "quorum"),
                f"more than the weight of all real servers, {total}",
                "lower it, or raise weights",
                None,
                f"1 to {total}",
                also=rests,
            )


def hysteresis(context: Context) -> Iterator[Finding]:
    """Below the quorum, or Keepalived lowers it."""
    for index, service in enumerate(context.inventory.services):
        if service.hysteresis >= service.quorum:
            yield Finding(
                ("services", index, "hysteresis"),
                f"not below the quorum of {service.quorum}",
                "lower it, or raise the quorum",
                None,
                f"0 to {service.quorum - 1}",
                also=(("services", index, "quorum"),),
            )


def thresholds(context: Context) -> Iterator[Finding]:
    """A server that was full is used again below the lower one (ipvsadm(8) -x, -y)."""
    for name, host in context.inventory.real_servers.hosts.items():
        path = ("real_servers", "hosts", name, "lower_threshold")
        upper, lower = host.upper_threshold, host.lower_threshold
        if lower and not upper:
            yield warning(
                path,
                "has no effect without upper_threshold",
                "add upper_threshold, or remove it",
                None,
                (*path[:-1], "upper_threshold"),
            )
        elif lower > upper:
            yield Finding(
                path,
                f"above the upper_threshold of {upper}",
                f"write a number below {upper}",
                None,
                f"0 to {upper}",
                also=((*path[:-1], "upper_threshold"),),
            )


def weights_unused(context: Context) -> Iterator[Finding]:
    """Some schedulers look at no weight but 0."""
    for index, service in enumerate(context.inventory.services):
        weights = {weight for weight in weights_of(context.inventory, service).values() if weight}
        if service.scheduler in _UNWEIGHTED and len(weights) > 1:
            better = {Scheduler.RR: "wrr", Scheduler.LC: "wlc"}.get(service.scheduler, "wlc")
            yield warning(
                ("services", index, "scheduler"),
                f"{service.scheduler} does not look at weights, and they differ",
                f"write {better}, or give all real servers the same weight",
                service.scheduler.value,
                ("real_servers", "hosts"),
            )


def ranked(context: Context) -> Iterator[Finding]:
    """``fo`` and ``ovf`` choose by weight alone."""
    for index, service in enumerate(context.inventory.services):
        weights = list(weights_of(context.inventory, service).values())
        path, rests = ("services", index, "scheduler"), (("real_servers", "hosts"),)
        if len(weights) < 2:
            continue
        if service.scheduler is Scheduler.FO and len(set(weights)) < len(weights):
            yield Finding(
                path,
                "fo sends everything to the highest weight, and some weights are equal",
                "give each real server a weight of its own, the first choice the highest",
                service.scheduler.value,
                also=rests,
            )
        elif service.scheduler is Scheduler.OVF and max(weights) <= 1:
            yield Finding(
                path,
                "ovf moves on when a server has as many connections as its weight, which is 1",
                "write as weight how many connections a real server takes",
                service.scheduler.value,
                also=rests,
            )
