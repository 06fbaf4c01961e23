"""VRRP settings that do nothing, or not what they seem to."""

from collections.abc import Iterator

from ...derived.resolve import priority_of
from ...derived.way_in import way_in, way_in_word
from ..finding import Context, Finding, warning


def preempt_delay(context: Context) -> Iterator[Finding]:
    """It is the pause before preempting."""
    vrrp = context.inventory.vrrp
    if vrrp.preempt_delay and not vrrp.preempt:
        yield warning(
            ("vrrp", "preempt_delay"),
            "has no effect without preempt: true",
            "write preempt: true, or remove it",
            None,
            ("vrrp", "preempt"),
        )


def preempt_at_once(context: Context) -> Iterator[Finding]:
    """A returning master has an empty connection table."""
    vrrp = context.inventory.vrrp
    if vrrp.preempt and not vrrp.preempt_delay:
        yield warning(
            ("vrrp", "preempt"),
            "a returning director takes the VIP before it has learnt the connections",
            "add preempt_delay: 60, or leave preempt at false",
            None,
            ("vrrp", "preempt_delay"),
        )


def unicast_peers(context: Context) -> Iterator[Finding]:
    """Without a peer Keepalived goes back to multicast."""
    inventory = context.inventory
    if inventory.vrrp.unicast and len(way_in(inventory)) == 1:
        word = way_in_word(inventory)
        yield Finding(
            ("vrrp", "unicast"),
            f"there is no other {word} to send adverts to; Keepalived would use multicast",
            f"add {'an' if word == 'edge' else 'a'} {word}, or remove unicast",
            also=((f"{word}s", "hosts"),),
        )


def garp_refresh(context: Context) -> Iterator[Finding]:
    """After a split nobody tells the LAN again who the master is."""
    if context.inventory.vrrp.garp.master_refresh == 0:
        yield warning(
            ("vrrp", "garp", "master_refresh"),
            "after a split the LAN may believe the wrong director until its ARP caches expire",
            "write 60",
        )


def rt_priority(context: Context) -> Iterator[Finding]:
    """Half the range belongs to the kernel's own threads."""
    priority = context.inventory.vrrp.rt_priority
    if priority is not None and priority >= 50:
        yield warning(
            ("vrrp", "rt_priority"),
            "at 50 or above Keepalived competes with the kernel's interrupt threads",
            "write 10",
        )


def track_script_names(context: Context) -> Iterator[Finding]:
    """Each has a name of its own; Keepalived keeps the first of two."""
    first: dict[str, int] = {}
    for index, script in enumerate(context.inventory.vrrp.track_scripts):
        if script.name in first:
            yield Finding(
                ("vrrp", "track_scripts", index, "name"),
                f"track_scripts[{first[script.name]}] is called {script.name} too",
                "give each its own name",
                also=(("vrrp", "track_scripts", first[script.name], "name"),),
            )
        first.setdefault(script.name, index)


def track_script_timeout(context: Context) -> Iterator[Finding]:
    """A run must end before the next one begins."""
    for index, script in enumerate(context.inventory.vrrp.track_scripts):
        if script.timeout > script.interval:
            yield warning(
                ("vrrp", "track_scripts", index, "timeout"),
                f"longer than the interval of {script.interval} s: runs are skipped",
                f"write {script.interval} or less, or a longer interval",
            )


def track_script_weight(context: Context) -> Iterator[Finding]:
    """A weight moves the priority, which has to matter, and by enough."""
    inventory = context.inventory
    names = list(inventory.directors.hosts)
    ordered = sorted((priority_of(inventory, name) for name in names), reverse=True)
    gap = ordered[0] - ordered[1] if len(ordered) > 1 else 0
    for index, script in enumerate(inventory.vrrp.track_scripts):
        path = ("vrrp", "track_scripts", index, "weight")
        if not script.weight:
            continue
        if inventory.vrrp.sync_group and len(inventory.virtual_ips) > 1:
            yield warning(
                path,
                "Keepalived ignores weights in a sync group",
                "write 0 (failing means FAULT), or vrrp: {sync_group: false}",
                None,
                ("vrrp", "sync_group"),
            )
        elif not inventory.vrrp.preempt:
            yield warning(
                path,
                "without preempt the backup does not take over from a master of lower priority",
                "write 0 (failing means FAULT), or vrrp: {preempt: true, preempt_delay: 60}",
                None,
                ("vrrp", "preempt"),
            )
        elif gap >= abs(script.weight):
            yield warning(
                path,
                f"does not change who is master: the priorities are {gap} apart",
                f"write {'-' if script.weight < 0 else ''}{gap + 1} or more",
                None,
                ("directors", "hosts"),
            )
