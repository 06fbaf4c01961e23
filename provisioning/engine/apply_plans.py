"""Applies the plans of many hosts, wave by wave and batch by batch."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from ..resources.base import Postcondition
from ..transport.base import Transport, TransportError
from .apply import HostResult, apply_plan, await_postconditions
from .around import Around, Nothing
from .confirm import confirm
from .fleet import Fleet
from .fleet_plan import FleetPlan
from .journal import Journal
from .plan import HostPlan
from .progress import Event, Progress
from .waves import Wave, batches

_log = logging.getLogger(__name__)

Work = Callable[[str, Transport], HostResult]


@dataclass(frozen=True, slots=True)
class Pace:
    """The number of hosts at a time, and when to stop."""

    forks: int = 10
    batch: int = 1
    """Hosts at a time where something that runs is disturbed."""
    max_fail: int = 0
    """Hosts of a wave that may fail before the rest of it is left alone."""


@dataclass(slots=True)
class ApplyResult:
    """The outcome of every host; hosts that were never begun are in ``skipped`` with the reason."""

    hosts: dict[str, HostResult] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Tell whether every host is as wanted."""
        return not self.skipped and all(result.ok for result in self.hosts.values())


def apply_plans(
    plans: FleetPlan,
    waves: list[Wave],
    conditions: dict[str, tuple[Postcondition, ...]],
    fleet: Fleet,
    *,
    pace: Pace,
    run_id: str,
    holder: str,
    journal: Journal,
    progress: Progress,
    around: Around | None = None,
) -> ApplyResult:
    """Applies the plans in waves, each batch with what is to be done ``around`` it. What happens on
    one host never keeps the others of its batch from being finished; failures keep later waves
    from starting where they would do harm."""
    around = around or Nothing()
    result = ApplyResult()
    for name, reason in plans.unreachable.items():
        result.skipped[name] = reason
    for name, plan in plans.blocked.items():
        result.skipped[name] = "; ".join(
            [f"{need.title}: {need.fix}" for need, _ in plan.unmet] + list(plan.problems)
        )
    ready = {name: plan for name, plan in plans.hosts.items() if not plan.blocked}
    for name, plan in ready.items():
        if not plan.changes:
            result.hosts[name] = HostResult(name, "unchanged")
    for name, host_result in around.begin().items():
        result.hosts[name] = host_result
        _record(journal, host_result)

    def one(name: str, transport: Transport) -> HostResult:
        result = apply_plan(ready[name], transport, run_id=run_id, holder=holder, progress=progress)
        return _concluded(result, ready[name], conditions[name], transport, fleet, progress)

    stopped = ""
    for wave in waves:
        if stopped:
            ours = [name for name in wave.hosts if name in ready and ready[name].changes]
            result.skipped |= dict.fromkeys(ours, stopped)
            continue
        start = around.wave(wave.hosts)
        ready |= {name: plan for name, plan in start.plans.items() if name in ready}
        ours = [name for name in wave.hosts if name in ready and ready[name].changes]
        if ours:
            _log.info("wave %s: %s", wave.title, ", ".join(ours))
            progress(Event("wave", text=wave.title, total=len(ours)))
            journal.write("wave", title=wave.title, hosts=ours)
        failed = 0
        ordered = replace(wave, hosts=start.hosts)
        for batch in batches(ordered, ready, forks=pace.forks, batch=pace.batch):
            left = batch
            while left:
                if failed > pace.max_fail:
                    reason = f"{failed} of the {wave.title} failed before"
                    result.skipped |= dict.fromkeys(left, reason)
                    break
                turn = around.before(left)
                left = tuple(n for n in left if n not in turn.hosts and n not in turn.refused)
                for name, reason in turn.refused.items():
                    result.skipped[name] = reason
                    progress(Event("failed", name, reason))
                ready |= turn.plans
                _log.info("batch: %s", ", ".join(turn.hosts))
                done = _apply_batch(turn.hosts, fleet, one)
                around.after(done)
                for name, host_result in done.items():
                    result.hosts[name] = host_result
                    _record(journal, host_result)
                failed += len(turn.refused) + sum(not each.ok for each in done.values())
        stopped = _stop_after(wave, result)
    return result


def _apply_batch(batch: tuple[str, ...], fleet: Fleet, one: Work) -> dict[str, HostResult]:
    done = fleet.each(batch, one)
    for name in batch:
        if name not in done:
            done[name] = HostResult(name, "lost", message=str(fleet.errors[name]))
    return done


def _concluded(
    result: HostResult,
    plan: HostPlan,
    conditions: tuple[Postcondition, ...],
    transport: Transport,
    fleet: Fleet,
    progress: Progress,
) -> HostResult:
    """Confirm what was changed, and wait for postconditions."""
    if result.outcome == "changed":
        message = confirm(plan, fleet)
        if message is None and conditions:
            try:
                message = await_postconditions(plan.host, conditions, transport, progress)
            except TransportError as error:
                message = str(error)
        if message is not None:
            result.outcome, result.message = "unmet", message
    text = result.message or result.outcome
    progress(Event("done" if result.ok else "failed", plan.host, text))
    return result


def _stop_after(wave: Wave, result: ApplyResult) -> str:
    """Return the reason why later waves must not start, or an empty text."""
    well = [name for name in wave.hosts if name in result.hosts and result.hosts[name].ok]
    bad = [
        name
        for name in wave.hosts
        if name not in well and (name in result.hosts or name in result.skipped)
    ]
    if wave.passed(len(well), len(bad)):
        return ""
    return f"not begun, because {wave.title} come first and failed: {', '.join(bad)}"


def _record(journal: Journal, result: HostResult) -> None:
    journal.write(
        "host",
        host=result.host,
        outcome=result.outcome,
        message=result.message,
        steps=[
            {"title": s.title, "status": s.status, "output": s.output, "seconds": s.seconds}
            for s in result.steps
        ],
    )
