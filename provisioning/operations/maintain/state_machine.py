"""State machine of a maintenance. Pure: it chooses the next phase of a host, and computes the state
after it. It knows what a phase's failure means, and not what a phase does.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Literal

from ..rolling.batches import batch_due
from ..rolling.run_status import RunStatus
from .state import (
    FAILED,
    MOVING,
    HostState,
    HostStatus,
    Maintenance,
    Ran,
)

Choice = Literal["again", "done", "failed"]
"""Fate of a command that was cut: run it again, take it as done, or as failed."""

_HARMLESS = frozenset({"check", "drain", "hand_over", "stop", "run"})
"""Phases whose failure leaves a host that may be well; after the others it is known not to be."""
_OUT_ONLY = frozenset({"drain", "hand_over"})
_BACK = (
    "run_end",
    "come_back",
    "start",
    "warm",
    "settle",
    "prove",
    "gpus",
    "smoke_test",
    "restore",
)
"""Phases of putting a host back whose app was stopped: all that proves it well."""


def back_sequence(host: HostState) -> tuple[str, ...]:
    """Phases that put a host back, as far as it came."""
    touched = {*host.done, host.at} - {"", "check"}
    if touched - _OUT_ONLY:
        return _BACK
    return ("restore",) if touched else ()


def next_phase(host: HostState, sequence: Sequence[str]) -> str | None:
    """Choose the next phase of a host; None where it has ended."""
    if host.status is HostStatus.PUTTING_BACK:
        return next((name for name in back_sequence(host) if name not in host.back), None)
    if host.status is HostStatus.UNDER_WAY:
        return next((name for name in sequence if name not in host.done), None)
    return None


def begin(state: Maintenance, name: str, phase: str) -> Maintenance:
    """Note a phase before it runs."""
    host = state.host(name)
    if host.status is HostStatus.PUTTING_BACK:
        return state
    return state.with_host(replace(host, at=phase))


def complete(
    state: Maintenance,
    name: str,
    phase: str,
    sequence: Sequence[str],
    *,
    seconds: Mapping[str, float] | None = None,
    facts: Mapping[str, float] | None = None,
    notes: Mapping[str, str] | None = None,
) -> Maintenance:
    """Note that a phase ended well."""
    host = state.host(name)
    host = replace(
        host,
        seconds={**host.seconds, **(seconds or {})},
        facts={**host.facts, **(facts or {})},
        notes={**host.notes, **(notes or {})},
    )
    if host.status is HostStatus.PUTTING_BACK:
        host = replace(host, back=(*host.back, phase))
        if set(host.back) >= set(back_sequence(host)):
            host = replace(host, status=HostStatus.PUT_BACK)
        return state.with_host(host)
    ran = Ran.WELL if phase == "run" else host.ran
    host = replace(host, done=(*host.done, phase), at="", ran=ran)
    if set(host.done) >= set(sequence):
        host = replace(host, status=HostStatus.DONE)
    return state.with_host(host)


def fail(
    state: Maintenance, name: str, phase: str, reason: str, *, unknown: bool = False
) -> Maintenance:
    """Note that a phase failed. ``unknown`` is a host that nobody can prove well now: its command
    goes on, or it is not who it should be."""
    host = state.host(name)
    if host.status is HostStatus.PUTTING_BACK:
        reason = f"{host.reason}; and it is not proved well: {reason}"
        return state.with_host(replace(host, status=HostStatus.OUT, reason=reason))
    host = replace(host, at=phase, reason=reason)
    if unknown or phase not in _HARMLESS:
        # Watched at work, it was taken out again.
        done = tuple(one for one in host.done if one != "restore") if phase == "soak" else host.done
        return state.with_host(replace(host, status=HostStatus.OUT, done=done))
    ran = Ran.FAILED if phase == "run" else host.ran
    return state.with_host(_put_back(replace(host, ran=ran), reason))


def start(state: Maintenance, hosts: Iterable[str]) -> Maintenance:
    """Set hosts under way that are waiting."""
    for name in hosts:
        host = state.host(name)
        if host.status is HostStatus.WAITING:
            state = state.with_host(replace(host, status=HostStatus.UNDER_WAY))
    return state


def failures(state: Maintenance) -> tuple[HostState, ...]:
    """List hosts that failed."""
    return tuple(host for host in state.hosts if host.status in FAILED)


def must_stop(state: Maintenance) -> bool:
    """True where no further batch may begin: too many real servers failed in this run, or a host
    that others depend on."""
    found = failures(state)
    fresh = [host for host in found if not host.settled]
    # A director that is not well keeps the other one untouched, however often it is resumed.
    held = [h for h in found if h in fresh or h.status is HostStatus.OUT]
    special = any(set(host.roles) != {"real_servers"} for host in held)
    return special or len(fresh) > state.options.max_fail


def conclude(state: Maintenance) -> Maintenance:
    """Set the status of the whole at the end of a run."""
    if must_stop(state):
        return state.with_status(RunStatus.STOPPED)
    if batch_due(state.hosts) is not None:
        return state.with_status(RunStatus.PAUSED)
    status = RunStatus.STOPPED if failures(state) else RunStatus.FINISHED
    return state.with_status(status)


def resume(state: Maintenance, *, retry: bool) -> Maintenance:
    """Prepare a maintenance for another run: hosts under way continue where they were; of those
    that are out the proof is tried again. With ``retry`` failed hosts begin anew, with their
    command. A maintained host never does."""
    hosts = tuple(_resumed(host, retry=retry) for host in state.hosts)
    return replace(state, hosts=hosts, status=RunStatus.RUNNING)


def _resumed(host: HostState, *, retry: bool) -> HostState:
    failed = host.status in (HostStatus.PUT_BACK, HostStatus.OUT)
    if failed and retry and host.ran is not Ran.WELL:
        return HostState(
            host.host,
            host.roles,
            host.batch,
            canary=host.canary,
            drained=host.drained,
            attempt=host.attempt + 1,
        )
    if host.status is HostStatus.PUT_BACK:
        return replace(host, settled=True)
    if host.status is not HostStatus.OUT:
        return host
    if host.ran is Ran.FAILED or host.at in _HARMLESS - {"run"}:
        return replace(host, status=HostStatus.PUTTING_BACK, back=(), settled=True)
    return replace(host, status=HostStatus.UNDER_WAY, reason="")


def decide(state: Maintenance, name: str, choice: Choice) -> Maintenance:
    """Settle the fate of a command that was cut."""
    host = state.host(name)
    if choice == "again":
        return state.with_host(replace(host, attempt=host.attempt + 1))
    if choice == "done":
        return state.with_host(replace(host, done=(*host.done, "run"), at="", ran=Ran.WELL))
    reason = "its command was cut, and counts as failed"
    return state.with_host(_put_back(replace(host, ran=Ran.FAILED), reason))


def abort(state: Maintenance, reason: str) -> Maintenance:
    """Put hosts back that are under way or out; waiting ones stay as they are."""
    for host in state.hosts:
        if host.status in MOVING or host.status is HostStatus.OUT:
            state = state.with_host(_put_back(replace(host, back=()), host.reason or reason))
    return state.with_status(RunStatus.RUNNING)


def conclude_abort(state: Maintenance) -> Maintenance:
    """Set the status of the whole once hosts were put back."""
    out = any(host.status in (HostStatus.OUT, HostStatus.PUTTING_BACK) for host in state.hosts)
    return state.with_status(RunStatus.STOPPED if out else RunStatus.ABORTED)


def _put_back(host: HostState, reason: str) -> HostState:
    status = HostStatus.PUTTING_BACK if back_sequence(host) else HostStatus.PUT_BACK
    return replace(host, status=status, reason=reason)
