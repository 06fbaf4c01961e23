"""May these nodes go out of service now? Pure arithmetic on what is seen."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from provisioning.operations.rolling_upgrade.sight import ServiceSight, Sight


@dataclass(frozen=True, slots=True)
class Objection:
    """A reason not to."""

    text: str
    hard: bool = True
    """Whether the run must not go on without ``--force``; the others are told and no more."""


def objections(sight: Sight, leaving: Collection[str]) -> list[Objection]:
    """What speaks against taking ``leaving`` out of service. Those that are out already count for
    nothing, whoever took them out."""
    found = []
    for service in sight.services:
        found += _service(sight, service, leaving)
    found += _capacity(sight, leaving)
    return found


def forbidding(found: Iterable[Objection]) -> str:
    """The hard objections in one line; empty where there are none."""
    return "; ".join(objection.text for objection in found if objection.hard)


def live_weights(sight: Sight, service: ServiceSight) -> dict[str, int]:
    """Weights of the nodes that get clients and answer them."""
    return {
        host: weight
        for host, weight in service.weights.items()
        if weight > 0 and host in sight.nodes and sight.nodes[host].ready
    }


def _service(sight: Sight, service: ServiceSight, leaving: Collection[str]) -> list[Objection]:
    live = live_weights(sight, service)
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


def _capacity(sight: Sight, leaving: Collection[str]) -> list[Objection]:
    """New jobs come as often as those that are there did, and find only the nodes that stay."""
    serving = {host for service in sight.services for host in live_weights(sight, service)}
    staying = [sight.nodes[host] for host in sorted(serving - set(leaving))]
    if not staying:
        return []
    jobs = sum(node.running + node.waiting for node in sight.nodes.values())
    running = sum(node.running for node in sight.nodes.values())
    slots = sum(node.slots for node in staying)
    places = slots + sum(node.places for node in staying)
    if jobs > places:
        text = f"{jobs} jobs are there and {places} places would be left: some would be refused"
        return [Objection(text)]
    if running > slots:
        text = f"{running} jobs run and {slots} workers would be left: waiting times will grow"
        return [Objection(text, hard=False)]
    return []
