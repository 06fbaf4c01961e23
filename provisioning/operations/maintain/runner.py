"""Run a maintenance: batch after batch, or as a sliding window, every host in its own thread, with
the state kept before and after every phase.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from ...engine.journal import Journal
from ...errors import ClusterError
from ..cluster.cluster import Cluster
from ..rolling import window
from ..rolling.batches import batch_due, members_left
from ..rolling.errors import ActionError, DirectorUnreachableError, PhaseError
from ..rolling.events import Kind, RunEvent
from ..rolling.sliding_runner import SlidingRunner
from ..rolling.snapshot import ClusterSnapshot
from . import registration, state_machine
from .phases import SEQUENCE, phase_named
from .phases.phase import Context, Phase, Turn, UnknownEndError
from .ports import HostIdentityError, MaintenanceActions
from .state import MOVING, HostState, HostStatus, Maintenance


@dataclass(slots=True, kw_only=True)
class Runner(SlidingRunner[Maintenance]):
    """One run of a maintenance."""

    actions: MaintenanceActions
    cluster: Cluster
    journal: Journal
    _slowest: float = 0.0
    """Seconds of the slowest host so far, without those that it was watched."""

    def run(self) -> Maintenance:
        """Run to the end, a pause, or too many failures; return the state then. Raises
        ``PreflightError`` where a batch must not begin, ``RunBlockedError`` where a
        director is away; such a run can be resumed once that is mended."""
        registration.save(self.cluster, self.state)
        self._resume([host.host for host in self.under_way])
        self._batches()
        self._change(state_machine.conclude)
        return self.state

    def abort(self) -> Maintenance:
        """Put hosts under way back into service where they are well; run no command any more."""
        registration.save(self.cluster, self.state)
        self._change(lambda state: state_machine.abort(state, "aborted"))
        self._resume([host.host for host in self.under_way])
        self._change(state_machine.conclude_abort)
        return self.state

    @property
    def under_way(self) -> tuple[HostState, ...]:
        """Hosts that are in the middle."""
        return tuple(host for host in self.state.hosts if host.status in MOVING)

    def _batches(self) -> None:
        while (number := batch_due(self.state.hosts)) is not None:
            if self._must_stop() or self._obeys_pause():
                return
            if window.is_window(self.state, number):
                self._slide(number)
                continue
            batch = members_left(self.state.hosts, number)
            names = [host.host for host in batch]
            text = f"batch {number}: {', '.join(names)}{self._left()}"
            self._tell("batch", text, batch=number, hosts=names)
            self._preflight(partial(self._checked, batch))
            self._start(names)
            self._finish(names)

    def _left(self) -> str:
        """Say how long it will take, once a host was measured."""
        waiting = [host for host in self.state.hosts if host.waits]
        if not self._slowest or not waiting:
            return ""
        numbers = {host.batch for host in waiting}
        sliding = {number for number in numbers if window.is_window(self.state, number)}
        barriers = len(numbers - sliding)
        rounds = math.ceil(
            sum(host.batch in sliding for host in waiting) / (self.state.most_out or 1)
        )
        seconds = (barriers + rounds) * self._slowest + barriers * self.state.options.soak_rest
        to_go = f"{len(waiting)} hosts" if sliding else len(numbers)
        return f"; {to_go} to go, about {max(1, round(seconds / 60))} min"

    def _start(self, hosts: Sequence[str]) -> None:
        self._change(lambda state: state_machine.start(state, hosts))

    def _look(self) -> ClusterSnapshot:
        return self.actions.look()

    def _must_stop(self) -> bool:
        return state_machine.must_stop(self.state)

    @property
    def _forced(self) -> bool:
        return self.state.options.force

    def _host(self, name: str) -> None:
        began = self.clock.now()
        self._change(lambda state: _advanced(state, name))
        while phase := state_machine.next_phase(self.state.host(name), SEQUENCE):
            if not self._phase(name, phase_named(phase)):
                return
        host = self.state.host(name)
        kinds: dict[HostStatus, tuple[Kind, str]] = {
            HostStatus.DONE: ("maintained", "maintained"),
            HostStatus.PUT_BACK: ("put_back", f"{_as_it_is(host)}: {host.reason}"),
            HostStatus.OUT: ("failed", f"{host.reason}{_stays(host)}"),
        }
        if host.status not in kinds:
            return
        took = self.clock.now() - began - host.seconds.get("soak", 0.0)
        self._slowest = max(self._slowest, took)
        kind, text = kinds[host.status]
        well = host.status is HostStatus.DONE
        steps = [
            {"title": title, "status": 0, "seconds": seconds, "output": ""}
            for title, seconds in host.seconds.items()
        ]
        self.journal.write(
            "host", host=name, outcome="changed" if well else "failed", message=text, steps=steps
        )
        self.watch(RunEvent(kind, name, "", text, {"seconds": host.seconds}))

    def _phase(self, name: str, phase: Phase) -> bool:
        """Run one phase, whose begin is in the state, and note its end with the begin of the next;
        tell whether the host can take another."""
        context = self._context(self.state.host(name), phase)
        began = self.clock.now()
        try:
            context.report("phase", phase.title)
            phase.run(context)
        except (PhaseError, ActionError) as error:
            return self._failed(context, phase, error)
        seconds = round(self.clock.now() - began, 3)
        context.seconds[phase.name] = seconds
        self._change(
            lambda state: _advanced(
                state_machine.complete(
                    state,
                    name,
                    phase.name,
                    SEQUENCE,
                    seconds=context.seconds,
                    facts=context.facts,
                    notes=context.notes,
                ),
                name,
            )
        )
        context.report("phase_done", phase.title, {"seconds": seconds})
        return True

    def _failed(self, context: Context, phase: Phase, error: ClusterError) -> bool:
        name = context.host
        if isinstance(error, DirectorUnreachableError):
            # The host is not to blame, and nothing can be put back without the director.
            self._block(name, f"{phase.title}: {error}")
            context.report("blocked", str(error))
            return False
        reason = f"{phase.title}: {error}"
        unknown = isinstance(error, UnknownEndError | HostIdentityError)
        self._change(
            lambda state: _advanced(
                state_machine.fail(state, name, phase.name, reason, unknown=unknown), name
            )
        )
        if phase.after_failure:
            # Noted before: until it is out of service again it holds a place, and none begins.
            try:
                phase.after_failure(context)
            except ActionError as more:
                reason += f"; and it could not be taken out of service: {more}"
                self._change(
                    lambda state: state.with_host(replace(state.host(name), reason=reason))
                )
        context.report("phase_failed", str(error))
        if self.state.host(name).status is HostStatus.PUTTING_BACK:
            context.report("undo", "putting it back into service if it is well")
        return True

    def _context(self, host: HostState, phase: Phase) -> Context:
        return Context(
            self.state.id,
            host,
            self.state.work,
            self.state.options,
            self.actions,
            self.clock,
            self.watch,
            self._record_output,
            self._capacity_lock,
            phase.name,
        )

    def _record_output(self, host: str, text: str) -> None:
        self.journal.write("output", host=host, text=text)

    def _saved(self, changed: Maintenance) -> Maintenance:
        registration.save(self.cluster, changed)
        return changed


def _advanced(state: Maintenance, name: str) -> Maintenance:
    """The state with a host past phases that do not apply to it, and the next one begun. Pure."""
    while phase := state_machine.next_phase(state.host(name), SEQUENCE):
        turn = Turn(state.host(name), state.options, state.work)
        if phase_named(phase).applies(turn):
            return state_machine.begin(state, name, phase)
        state = state_machine.complete(state, name, phase, SEQUENCE)
    return state


def _as_it_is(host: HostState) -> str:
    if not state_machine.back_sequence(host):
        return "not touched"
    return "proved well, and in service" if host.serves else "proved well"


def _stays(host: HostState) -> str:
    return "; it stays drained" if host.serves else ""
