"""Who goes when. Pure."""

from collections.abc import Sequence

from provisioning.operations.rolling_upgrade.choices import ChoiceError, Choices, batch_size
from provisioning.operations.rolling_upgrade.sight import Sight
from provisioning.operations.rolling_upgrade.state import Node

WORDS = ("inventory", "reverse", "idle-first", "busy-first")


def ordered(hosts: Sequence[str], order: str, sight: Sight) -> list[str]:
    """The real servers in the order asked for. Raises ``ChoiceError``."""
    if order not in WORDS:
        return _named(hosts, order)
    if order == "inventory":
        return list(hosts)
    if order == "reverse":
        return list(reversed(hosts))
    busy = {
        host: node.running + node.waiting for host, node in sight.nodes.items() if host in hosts
    }
    # sorted() is stable both ways: equals stay in the inventory's order.
    return sorted(hosts, key=lambda host: busy.get(host, 0), reverse=order == "busy-first")


def planned(
    real_servers: Sequence[str], directors: Sequence[str], choices: Choices, sight: Sight
) -> tuple[Node, ...]:
    """The directors one by one, those that hold a VIP last; then canaries one by one, then the
    other real servers ``batch`` at a time. Raises ``ChoiceError``.

    Directors come first, as draining a node changes their configuration: an edit that nobody has
    deployed would go with it unasked.
    """
    hosts = ordered(real_servers, choices.order, sight)
    canaries, rest = hosts[: choices.canary], hosts[choices.canary :]
    size = batch_size(choices.batch, len(hosts))
    batches = [[host] for host in canaries]
    batches += [rest[start : start + size] for start in range(0, len(rest), size)]
    late = sorted(directors, key=lambda host: host in sight.masters)
    first = [Node(host, "director", number) for number, host in enumerate(late, 1)]
    nodes = [
        Node(
            host,
            "real_server",
            number,
            _release(sight, host),
            canary=host in canaries,
            drained=host in sight.drained,
        )
        for number, batch in enumerate(batches, len(first) + 1)
        for host in batch
    ]
    return (*first, *nodes)


def _named(hosts: Sequence[str], order: str) -> list[str]:
    names = [name.strip() for name in order.split(",") if name.strip()]
    if unknown := [name for name in names if name not in hosts]:
        raise ChoiceError(
            f"--order: no real server {', '.join(unknown)} in this run; write one of "
            f"{', '.join(WORDS)}, or names out of {', '.join(hosts)}"
        )
    if len(set(names)) != len(names):
        raise ChoiceError(f"--order: {order!r} names a host twice")
    return [*names, *(host for host in hosts if host not in names)]


def _release(sight: Sight, host: str) -> str:
    return sight.nodes[host].release if host in sight.nodes else ""
