"""Capacity that is left when nodes go out of service. Pure arithmetic on a snapshot."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from .snapshot import ClusterSnapshot, ServiceSnapshot


@dataclass(frozen=True, slots=True)
class Objection:
    """A reason against taking nodes out of service."""

    text: str
    hard: bool = True
    """True where the run must not continue without ``--force``; others are only reported."""


def objections(snapshot: ClusterSnapshot, leaving: Collection[str]) -> list[Objection]:
    """List the reasons against taking ``leaving`` out of service. Nodes that are out already do
    not count, whoever took them out."""
    found = []
    for service in snapshot.services:
        found += _service(snapshot, service, leaving)
    found += _capacity(snapshot, leaving)
    return found


def forbidding(found: Iterable[Objection]) -> str:
    """Join the hard objections into one line; empty where there are none."""
    return "; ".join(objection.text for objection in found if objection.hard)


def live_weights(snapshot: ClusterSnapshot, service: ServiceSnapshot) -> dict[str, int]:
    """Weights of the nodes that get clients and are ready."""
    return {
        host: weight
        for host, weight in service.weights.items()
        if weight > 0 and host in snapshot.nodes and snapshot.nodes[host].ready
    }


def _service(
    snapshot: ClusterSnapshot, service: ServiceSnapshot, leaving: Collection[str]
) -> list[Objection]:
    live = live_weights(snapshot, service)
    if not any(host in service.weights for host in leaving):
        return []
    staying = {host: weight for host, weight in live.items() if host not in leaving}
    if not staying:
        alone = ", ".join(sorted(live)) or "none"
        text = f"{service.name}: no healthy node would be left (healthy now: {alone})"
        return [Objection(text)]
    if sum(staying.values()) < service.quorum:
        left = sum(staying.values())
        text = f"{service.name}: weight {left} would be left, and the quorum is {service.quorum}"
        return [Objection(text)]
    return []


def _capacity(snapshot: ClusterSnapshot, leaving: Collection[str]) -> list[Objection]:
    """Compare the present jobs with the nodes that stay: new jobs come as often as those did."""
    serving = {host for service in snapshot.services for host in live_weights(snapshot, service)}
    staying = [snapshot.nodes[host] for host in sorted(serving - set(leaving))]
    if not staying:
        return []
    jobs = sum(node.running + node.waiting for node in snapshot.nodes.values())
    running = sum(node.running for node in snapshot.nodes.values())
    slots = sum(node.slots for node in staying)
    places = slots + sum(node.places for node in staying)
    if jobs > places:
        text = f"{jobs} jobs are there and {places} places would be left: some would be refused"
        return [Objection(text)]
    if running > slots:
        text = f"{running} jobs run and {slots} workers would be left: waiting times will grow"
        return [Objection(text, hard=False)]
    return []
