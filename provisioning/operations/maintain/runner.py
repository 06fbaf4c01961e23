"""Run a maintenance: batch after batch, every host of a batch in its own thread, with the state
kept before and after every phase.
"""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from ...engine.journal import Journal
from ...errors import ClusterError
from ..cluster.cluster import Cluster
from ..rolling_upgrade.clock import Clock
from ..rolling_upgrade.events import Kind, UpgradeEvent, Watcher
from ..rolling_upgrade.phases.phase import PhaseError
from ..rolling_upgrade.ports import ActionError, DirectorUnreachableError
from ..rolling_upgrade.preflight import PreflightError, check_batch
from . import registration, state_machine
from .phases import SEQUENCE, phase_named
from .phases.phase import Context, Phase, Turn, UnknownEndError, node_of
from .ports import HostIdentityError, MaintenanceActions
from .state import MOVING, HostState, HostStatus, Maintenance, RunStatus

_PREFLIGHT_PATIENCE = 20.0
_PREFLIGHT_EVERY = 2.0
"""Seconds."""


class MaintenanceBlockedError(ClusterError):
    """Hosts stay where they are, out of service, until every director can be reached."""


class _InterruptedError(Exception):
    """The run is over; its threads must not write any more."""


@dataclass(slots=True)
class Runner:
    """One run of a maintenance, from its start or from where an earlier run was cut."""

    state: Maintenance
    actions: MaintenanceActions
    cluster: Cluster
    watch: Watcher
    clock: Clock
    journal: Journal
    forks: int = 10
    _writing: threading.Lock = field(default_factory=threading.Lock)
    _capacity_lock: threading.Lock = field(default_factory=threading.Lock)
    _blocked: dict[str, str] = field(default_factory=dict)
    """Hosts that wait for a director, and the phase that they wait in."""
    _slowest: float = 0.0
    """Seconds of the slowest batch so far."""
    _cut: bool = False

    def run(self) -> Maintenance:
        """Run to the end, a pause, or too many failures; return the state then. Raises
        ``PreflightError`` where a batch must not begin, ``MaintenanceBlockedError`` where a
        director is away; such a run can be resumed once that is mended."""
        self._change(lambda state: replace(state, status=RunStatus.RUNNING))
        self._finish_moving()
        self._batches()
        self._change(state_machine.conclude)
        return self.state

    def abort(self) -> Maintenance:
        """Put hosts under way back into service where they are well; run no command any more."""
        self._change(lambda state: state_machine.abort(state, "aborted"))
        self._finish_moving()
        self._change(state_machine.conclude_abort)
        return self.state

    @property
    def under_way(self) -> tuple[HostState, ...]:
        """Hosts that are in the middle."""
        return tuple(host for host in self.state.hosts if host.status in MOVING)

    def _finish_moving(self) -> None:
        names = [host.host for host in self.under_way]
        if names:
            self._tell("batch", f"resuming {', '.join(names)}")
            self._all(names)

    def _batches(self) -> None:
        while (number := state_machine.batch_due(self.state)) is not None:
            if state_machine.must_stop(self.state):
                return
            if registration.pause_asked(self.cluster.state_dir):
                registration.forget_pause(self.cluster.state_dir)
                self._tell("paused", "paused as asked; `--resume` continues")
                return
            batch = state_machine.batch_members(self.state, number)
            names = [host.host for host in batch]
            text = f"batch {number}: {', '.join(names)}{self._left()}"
            self._tell("batch", text, batch=number, hosts=names)
            self._preflight(batch)
            began = self.clock.now()
            self._change(lambda state, n=number: state_machine.start_batch(state, n))  # type: ignore[misc]
            self._all(names)
            self._slowest = max(self._slowest, self.clock.now() - began)

    def _left(self) -> str:
        """Say how long it will take, once a batch was measured."""
        if not self._slowest:
            return ""
        batches = {h.batch for h in self.state.hosts if h.status is HostStatus.WAITING}
        minutes = len(batches) * self._slowest / 60
        return f"; {len(batches)} to go, about {max(1, round(minutes))} min"

    def _preflight(self, batch: tuple[HostState, ...]) -> None:
        """Check a batch, repeatedly for a while: after a change the directors' own health checks
        take their time."""
        end = self.clock.now() + _PREFLIGHT_PATIENCE
        nodes = [node_of(host) for host in batch]
        while True:
            try:
                notes = check_batch(self.actions.look(), nodes, force=self.state.options.force)
            except (PreflightError, ActionError) as error:
                if self.clock.now() < end:
                    self._tell("waiting", str(error))
                    self.clock.sleep(_PREFLIGHT_EVERY)
                    continue
                self._change(lambda state: replace(state, status=RunStatus.PAUSED))
                raise PreflightError(str(error)) from None
            for note in notes:
                self._tell("note", note)
            return

    def _all(self, names: list[str]) -> None:
        """Take hosts to their end, each on its own. Raises ``MaintenanceBlockedError``."""
        pool = ThreadPoolExecutor(min(self.forks, len(names)), thread_name_prefix="maintain")
        try:
            for done in [pool.submit(self._host, name) for name in names]:
                done.result()
        except BaseException:
            # Interrupted: the state says where each host is and stays as it is. The other threads
            # end when they next write it; what hosts have begun they do to its end.
            with self._writing:
                self._cut = True
            self.clock.stop()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        pool.shutdown()
        if not self._blocked:
            return
        self._change(lambda state: replace(state, status=RunStatus.PAUSED))
        raise MaintenanceBlockedError(
            "; ".join(f"{host} is blocked at {why}" for host, why in self._blocked.items())
            + "; it stays out of service. Once every director answers, or one that is gone for "
            "good has left the inventory: --resume; with --force it continues without the director"
        )

    def _host(self, name: str) -> None:
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
        kind, text = kinds[host.status]
        well = host.status is HostStatus.DONE
        steps = [
            {"title": title, "status": 0, "seconds": seconds, "output": ""}
            for title, seconds in host.seconds.items()
        ]
        self.journal.write(
            "host", host=name, outcome="changed" if well else "failed", message=text, steps=steps
        )
        self.watch(UpgradeEvent(kind, name, "", text, {"seconds": host.seconds}))

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
            self._blocked[name] = f"{phase.title}: {error}"
            context.report("blocked", str(error))
            return False
        reason = f"{phase.title}: {error}"
        if phase.after_failure:
            try:
                phase.after_failure(context)
            except ActionError as more:
                reason += f"; and it could not be taken out of service: {more}"
        unknown = isinstance(error, UnknownEndError | HostIdentityError)
        self._change(
            lambda state: _advanced(
                state_machine.fail(state, name, phase.name, reason, unknown=unknown), name
            )
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

    def _change(self, to: Callable[[Maintenance], Maintenance]) -> None:
        with self._writing:
            if self._cut:
                raise _InterruptedError
            self.state = to(self.state)
            registration.save(self.cluster, self.state)

    def _tell(self, kind: Kind, text: str, **facts: object) -> None:
        self.watch(UpgradeEvent(kind, text=text, facts=facts))


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
