"""Move the VIPs to another director on purpose.

Means (keepalived.conf(5), track_file): every VRRP instance watches a file. A 1 in it is a fault:
the master sends an advert of priority 0 and yields at once, and the candidate takes over after its
skew time, a fraction of the advert interval. Then the file is 0 again and the old master is backup;
without preemption it stays that. With preemption the candidate is first made the one of highest
priority, which is kept in the runtime state. The script on the old master ends with a 0 however it
ends; Keepalived starts with a 0, and every deploy sets it.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace

from ...engine.fleet import Fleet
from ...engine.observe import run_fragments
from ...engine.progress import Event
from ...facts.connection_gap import connection_gap
from ...facts.gather import ask
from ...facts.probe import ProbeError
from ...model.address import IPAddress
from ...model.derived.resolve import priority_of, sync_daemon_of
from ...model.inventory import Inventory
from ...model.runtime import Runtime
from ...places import SWITCHOVER_FILE
from ...resources.base import Observation
from ...roles.wanted_services import wanted_services
from ...transport.base import Transport, TransportError
from ..cluster.cluster import Cluster
from ..cluster_state.look import look_at
from ..cluster_state.state import ClusterState
from ..cluster_state.tables import holders_of
from ..drain.director_change import change_directors
from ..errors import OperationError
from ..operation import Operation
from ..verify.vantage_point import client_place
from .carried_connections import Carried, carried, look_at_connections
from .connections_told import tell_connections
from .failover_readiness import blockers, masters
from .held_resets import hold_resets

_INTERVAL = 0.02
"""Seconds between two attempts of the probe."""
_LEAD = 1.0
"""Seconds that the probe runs before and after."""
_PATIENCE = 15.0
"""Seconds until the candidate must be seen to hold the VIPs, on a slow host."""


Measured = Callable[[], tuple[float | None, str]]
"""Waits for the probe: seconds, or why they are unknown."""


@dataclass(frozen=True, slots=True)
class Switchover:
    """Result of a switch-over."""

    old: str
    """Former master; empty where the new one held all VIPs already."""
    new: str
    gap: float | None = None
    """Seconds for which no new connection to the VIP succeeded; None where that is unknown."""
    why_no_gap: str = ""
    before: Carried | None = None
    """Connections of the old master that the new one knew; None without connection sync."""
    after: int | None = None
    """Established connections that the new master has."""

    def record(self) -> dict[str, object]:
        """Render as plain data."""
        return asdict(self)


def switch_over(op: Operation, *, to: str | None = None, force: bool = False) -> Switchover:
    """Make a director master: ``to``, or the fittest other one. Returns once it is master and
    connections go through it. Raises ``OperationError`` where it is not fit; ``force`` continues
    where only tables or connection sync are not as they should be."""
    inventory = op.cluster.inventory
    state = look_at(inventory, op.fleet, op.cluster.record)
    holding = masters(inventory, state)
    if not holding:
        raise OperationError("no director that can be reached holds the VIP; see `cluster status`")
    candidate = to or _candidate(inventory, state, holding)
    _require_fit(inventory, state, candidate, force=force)
    old = ", ".join(name for name in inventory.directors.hosts if name in holding - {candidate})
    if not old:
        _prefer(op, candidate)
        return Switchover("", candidate)
    known = None
    if sync_daemon_of(inventory) is not None:
        known = carried(op.fleet, next(iter(holding - {candidate})), candidate)
        if known.total > 1 and not known.known and not force:
            raise OperationError(
                f"{candidate} knows {known} of {old}: connection sync (UDP 8848, multicast) does "
                "not reach it, and all of them would break. --force continues"
            )
    with op.hooks.around("switchover", candidate, progress=op.progress, old=old) as outcome:
        result = _move(op, old, candidate, known)
        outcome.ok = True
    return result


def _move(op: Operation, old: str, candidate: str, known: Carried | None) -> Switchover:
    inventory = op.cluster.inventory
    _prefer(op, candidate)
    op.progress(Event("step", candidate, f"take over from {old}"))
    first = wanted_services(inventory, Runtime())[0]
    _hold(op, candidate)
    with measured_gap(op, first.vip, first.service.port) as measured:
        _pulse(op, candidate)
        gap, why = measured()
    after = _await_master(op.cluster, op.fleet, candidate)
    op.progress(Event("done", candidate, "holds the VIPs"))
    result = Switchover(old, candidate, gap, why, known, after)
    op.run.journal.write("switchover", **result.record())
    return result


def _candidate(inventory: Inventory, state: ClusterState, holding: set[str]) -> str:
    """Choose the fit backup of highest priority."""
    others = [name for name in inventory.directors.hosts if name not in holding]
    if len(inventory.directors.hosts) == 1:
        raise OperationError("the inventory has one director: there is no other to take over")
    if not others:
        raise OperationError("there is no other director to move the VIP to; name one with --to")
    others.sort(key=lambda name: -priority_of(inventory, name))
    return next((name for name in others if not blockers(inventory, state, name)), others[0])


def _require_fit(inventory: Inventory, state: ClusterState, candidate: str, *, force: bool) -> None:
    found = blockers(inventory, state, candidate)
    if not found:
        return
    text = f"{candidate} is not fit to take over: {'; '.join(map(str, found))}"
    if any(blocker.absolute for blocker in found):
        raise OperationError(text)
    if not force:
        raise OperationError(f"{text}. --force moves the VIP all the same")


def _prefer(op: Operation, candidate: str) -> None:
    """Prefer a director. With preemption priorities decide for good; without it they stay as the
    inventory says."""
    before = op.cluster.runtime
    inventory = op.cluster.inventory
    first = max(inventory.directors.hosts, key=lambda name: priority_of(inventory, name))
    wanted = candidate if inventory.vrrp.preempt and candidate != first else None
    if before.preferred is None and wanted is None:
        return
    after = replace(before, preferred=wanted)
    directors = list(inventory.directors.hosts)
    # Not from what is written down: a cut switch-over may have come to one director only.
    base = replace(before, preferred=before.preferred if wanted is None else None)
    change_directors(op, base, after, directors, force=False)


def yield_script(inventory: Inventory, addresses: Iterable[IPAddress] | None = None) -> str:
    """Build the fragment that makes a host yield VIPs, a director's without ``addresses``, waits
    until it has, and ends the fault."""
    if addresses is None:
        addresses = [vip.address.ip for vip in inventory.virtual_ips]
    vips = " ".join(map(str, addresses))
    longest = 100 * round(3 + 4 * inventory.vrrp.advert_interval)
    return (
        # The control machine may go away; the fault must not stay.
        "trap '' HUP PIPE INT TERM\n"
        f"trap 'echo 0 > {SWITCHOVER_FILE}' EXIT\n"
        f"echo 1 > {SWITCHOVER_FILE}\n"
        f"left={longest}\n"
        'while [ "$left" -gt 0 ]; do\n'
        "    found=$(ip -o address show)\n"
        "    gone=yes\n"
        f"    for vip in {vips}; do\n"
        # On a director that is a real server too the VIP stays on lo.
        '        case $(echo "$found" | grep -v ": lo ") in *" $vip/"*) gone=no ;; esac\n'
        "    done\n"
        '    [ "$gone" = no ] || break\n'
        "    left=$((left - 1))\n"
        "    sleep 0.01\n"
        "done\n"
        # Until the candidate's first advert: then this one is backup and not the first to time out.
        f"sleep {inventory.vrrp.advert_interval:g}\n"
        '[ "$left" -gt 0 ] || { echo "it still holds the VIP" >&2; exit 1; }'
    )


def _hold(op: Operation, candidate: str) -> None:
    """Have the candidate hold its resets once it has the VIPs. Raises ``OperationError`` where it
    cannot be reached: then nobody is to yield to it."""
    script = hold_resets(op.cluster.inventory, candidate)
    if not script:
        return

    def hold(name: str, transport: Transport) -> Observation:
        return run_fragments(name, transport, {"hold": script}, timeout=30)["hold"]

    found = op.fleet.each([candidate], hold).get(candidate)
    if found is None:
        raise OperationError(f"{op.fleet.errors.get(candidate, candidate)}; nothing was moved")
    op.run.journal.write("hold", host=candidate, status=found.status, said=found.stderr.strip())


def _pulse(op: Operation, candidate: str) -> None:
    """Make all but the candidate yield at the same time, so that the candidate takes over."""
    inventory = op.cluster.inventory
    others = [name for name in inventory.directors.hosts if name != candidate]
    make_yield(
        op,
        {name: tell_connections(inventory, name) + yield_script(inventory) for name in others},
    )


def make_yield(op: Operation, scripts: Mapping[str, str]) -> None:
    """Run scripts of ``yield_script`` by the names of their hosts, at the same time. Raises
    ``OperationError``."""

    def work(name: str, transport: Transport) -> Observation:
        return run_fragments(name, transport, {"yield": scripts[name]}, timeout=120)["yield"]

    for name, found in op.fleet.each(scripts, work).items():
        said, told = found.stderr.strip(), found.stdout.strip()
        op.run.journal.write("yield", host=name, status=found.status, said=said, told=told)
        if found.status:
            raise OperationError(f"{name} did not yield: {found.stderr.strip()}")


def _await_master(cluster: Cluster, fleet: Fleet, candidate: str) -> int | None:
    """Wait until the candidate alone holds the VIPs; return its established connections."""
    end = time.monotonic() + _PATIENCE
    while (holding := holders_of(cluster.inventory, fleet)) != {candidate}:
        if time.monotonic() >= end:
            who = " and ".join(sorted(holding)) or "nobody"
            raise OperationError(
                f"after the switch-over {who} holds the VIP instead of {candidate}; see `cluster "
                "status` and Keepalived's log on the directors"
            )
        time.sleep(0.2)
    if sync_daemon_of(cluster.inventory) is None:
        return None
    return len(look_at_connections(fleet, candidate))


def _duration(inventory: Inventory) -> float:
    """Seconds that the probe must run to see the whole switch-over."""
    return 2 * _LEAD + 3 * inventory.vrrp.advert_interval + 1


@contextmanager
def measured_gap(op: Operation, vip: IPAddress, port: int) -> Iterator[Measured]:
    """Run a probe of a VIP at the client's place for the time of the block."""
    inventory = op.cluster.inventory
    seconds = _duration(inventory)
    question = connection_gap(vip, port, seconds=seconds, interval=_INTERVAL)

    try:
        place = client_place(inventory, op.fleet)
    except TransportError as error:
        reason = str(error)
        yield lambda: (None, reason)
        return

    def probe() -> tuple[float | None, str]:
        try:
            gap = ask(place.name, place.transport, question, root=False, timeout=seconds + 30).gap
        except (TransportError, ProbeError) as error:
            return None, str(error)
        if gap is None:
            return None, "the VIP could not be reached from the client's place"
        return gap, ""

    pool = ThreadPoolExecutor(1)
    try:
        running = pool.submit(probe)
        time.sleep(_LEAD)
        yield running.result
    finally:
        # Who wants the answer has waited for it; who was interrupted or refused does not.
        pool.shutdown(wait=False)
