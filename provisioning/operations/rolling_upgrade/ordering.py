"""Order and batches of nodes. Pure."""

from collections.abc import Mapping, Sequence

from ..rolling.snapshot import ClusterSnapshot
from .options import OptionError, UpgradeOptions, batch_label, batch_size
from .state import Node

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
    labels: Mapping[str, Mapping[str, str]] | None = None,
) -> tuple[Node, ...]:
    """Order the nodes: directors one by one, holders of a VIP last; then canaries one by one, then
    the other real servers ``batch`` at a time, or all in one where ``max_out`` paces them;
    ``labels`` has each label's value of every host that
    has it. Raises ``OptionError``.

    Directors come first, as draining a node changes their configuration: an edit that nobody has
    deployed would be applied with it unasked.
    """
    hosts = ordered(real_servers, options.order, snapshot)
    canaries, rest = hosts[: options.canary], hosts[options.canary :]
    batches = [[host] for host in canaries]
    if options.max_out:
        batches += [rest] if rest else []
    elif label := batch_label(options.batch):
        batches += _by_label(rest, label, labels or {})
    else:
        size = batch_size(options.batch, len(hosts))
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


def _by_label(
    hosts: Sequence[str], label: str, labels: Mapping[str, Mapping[str, str]]
) -> list[list[str]]:
    """The hosts of one value after those of another, in the order of the first of each."""
    values = labels.get(label, {})
    if without := [host for host in hosts if host not in values]:
        known = ", ".join(labels) or "none"
        raise OptionError(
            f"--batch: {', '.join(without)} without the label {label}; give every node one "
            f"(labels: {{{label}: …}}), or write a number or a share; labels: {known}"
        )
    batches: dict[str, list[str]] = {}
    for host in hosts:
        batches.setdefault(values[host], []).append(host)
    return list(batches.values())


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
