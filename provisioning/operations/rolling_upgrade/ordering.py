"""Order and batches of nodes. Pure."""

from collections.abc import Sequence

from provisioning.operations.rolling_upgrade.options import OptionError, UpgradeOptions, batch_size
from provisioning.operations.rolling_upgrade.snapshot import ClusterSnapshot
from provisioning.operations.rolling_upgrade.state import Node

WORDS = ("inventory", "reverse", "idle-first", "busy-first")


def ordered(hosts: Sequence[str], order: str, snapshot: ClusterSnapshot) -> list[str]:
    """Sort real servers into the order of the operator. Raises ``OptionError``."""
    if order not in WORDS:
        return _named(hosts, order)
    if order == "inventory":
        return list(hosts)
    if order == "reverse":
        return list(reversed(hosts))
    busy = {
        host: node.running + node.waiting for host, node in snapshot.nodes.items() if host in hosts
    }
    # sorted() is stable both ways: equals stay in the inventory's order.
    return sorted(hosts, key=lambda host: busy.get(host, 0), reverse=order == "busy-first")


def planned(
    real_servers: Sequence[str],
    directors: Sequence[str],
    options: UpgradeOptions,
    snapshot: ClusterSnapshot,
) -> tuple[Node, ...]:
    """Order the nodes: directors one by one, holders of a VIP last; then canaries one by one, then
    the other real servers ``batch`` at a time. Raises ``OptionError``.

    Directors come first, as draining a node changes their configuration: an edit that nobody has
    deployed would be applied with it unasked.
    """
    hosts = ordered(real_servers, options.order, snapshot)
    canaries, rest = hosts[: options.canary], hosts[options.canary :]
    size = batch_size(options.batch, len(hosts))
    batches = [[host] for host in canaries]
    batches += [rest[start : start + size] for start in range(0, len(rest), size)]
    late = sorted(directors, key=lambda host: host in snapshot.masters)
    first = [Node(host, "director", number) for number, host in enumerate(late, 1)]
    nodes = [
        Node(
            host,
            "real_server",
            number,
            _release(snapshot, host),
            canary=host in canaries,
            drained=host in snapshot.drained,
        )
        for number, batch in enumerate(batches, len(first) + 1)
        for host in batch
    ]
    return (*first, *nodes)


def _named(hosts: Sequence[str], order: str) -> list[str]:
    names = [name.strip() for name in order.split(",") if name.strip()]
    if unknown := [name for name in names if name not in hosts]:
        raise OptionError(
            f"--order: no real server {', '.join(unknown)} in this run; write one of "
            f"{', '.join(WORDS)}, or names out of {', '.join(hosts)}"
        )
    if len(set(names)) != len(names):
        raise OptionError(f"--order: {order!r} names a host twice")
    return [*names, *(host for host in hosts if host not in names)]


def _release(snapshot: ClusterSnapshot, host: str) -> str:
    return snapshot.nodes[host].release if host in snapshot.nodes else ""
