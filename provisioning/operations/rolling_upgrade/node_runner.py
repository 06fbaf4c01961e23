"""Take single nodes of an upgrade through their phases, with the state saved between any two."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from ..rolling.errors import ActionError, DirectorUnreachableError, PhaseError
from ..rolling.events import Kind, RunEvent
from ..rolling.sliding_runner import SlidingRunner
from . import state_file, state_machine
from .downtime import whole
from .forecast import forecast
from .phases import SEQUENCES, phase_named
from .phases.phase import PhaseContext
from .ports import ClusterActions
from .shared_metrics import SharedMetrics
from .state import NodeStatus, Upgrade
from .state_machine import Step


@dataclass(slots=True, kw_only=True)
class NodeRunner(SlidingRunner[Upgrade]):
    """An upgrade and the work on its nodes. Safe to use from a thread for each node."""

    cluster: ClusterActions
    folder: Path
    """The cluster's state folder."""
    _began: float = 0.0
    _metrics: SharedMetrics = field(init=False)
    _since: dict[str, float] = field(default_factory=dict)
    """Times when nodes began their present phases."""

    def __post_init__(self) -> None:
        self._metrics = SharedMetrics(self.cluster, self.clock, self.forks)

    def _host(self, name: str) -> None:
        while step := state_machine.next_step(self.state.node(name), SEQUENCES):
            if not self._step(step):
                break
        node = self.state.node(name)
        ends: dict[NodeStatus, tuple[Kind, str]] = {
            NodeStatus.UPGRADED: ("upgraded", "upgraded"),
            NodeStatus.ROLLED_BACK: ("rolled_back", f"as it was before: {node.reason}"),
            NodeStatus.FAILED: ("failed", node.reason),
        }
        if node.status in ends:
            kind, text = ends[node.status]
            self.watch(RunEvent(kind, name, "", text, {"seconds": node.seconds}))
            self._forecast()

    def _step(self, step: Step) -> bool:
        """Run one step; tell whether the node can take another. Its end and the begin of the next
        are one write."""
        node = self.state.node(step.host)
        phase = phase_named(node.role, step.phase)
        back = step.direction == "back"
        self._change(lambda upgrade: state_machine.begin_step(upgrade, step))
        context = PhaseContext(
            self.state.node(step.host),
            self.state.target,
            self.state.options,
            self.cluster,
            self.clock,
            self.watch,
            self._capacity_lock,
            phase.name,
            shared=self._metrics,
        )
        began = self._since[step.host] = self.clock.now()
        applies = back or phase.applies(node, self.state.options)
        try:
            if back:
                context.report("undo", f"undoing: {phase.title}")
                phase.undo(context)
            elif applies:
                context.report("phase", phase.title)
                phase.run(context)
        except (PhaseError, ActionError) as error:
            if isinstance(error, DirectorUnreachableError) and not back:
                # The release is not to blame, and rolling back would need the director as well.
                self._block(step.host, f"{phase.title}: {error}")
                context.report("blocked", str(error))
                return False
            reason = str(error) if back else f"{phase.title}: {error}"
            self._change(lambda upgrade: state_machine.fail(upgrade, step, reason))
            context.report("undo_failed" if back else "phase_failed", str(error))
            return not back
        seconds = round(self.clock.now() - began, 3)
        if not back:
            context.seconds[whole(phase.name)] = seconds
        self._change(lambda upgrade: self._completed(upgrade, step, context))
        if applies:
            context.report("undo_done" if back else "phase_done", phase.title, {"seconds": seconds})
        return True

    def _completed(self, upgrade: Upgrade, step: Step, context: PhaseContext) -> Upgrade:
        upgrade = state_machine.complete(
            upgrade, step, SEQUENCES, seconds=context.seconds, facts=context.facts
        )
        return state_machine.begin_next(upgrade, step.host, SEQUENCES)

    def _saved(self, changed: Upgrade) -> Upgrade:
        now = self.clock.now()
        upgrade = replace(changed, seconds=changed.seconds + now - self._began)
        self._began = now
        state_file.save(self.folder, upgrade)
        return upgrade

    def _forecast(self) -> None:
        """Tell how far the run is and how long it will take, as far as that is known."""
        if state_machine.must_stop(self.state):
            return
        now = self.clock.now()
        elapsed = {host: now - since for host, since in self._since.copy().items()}
        found = forecast(self.state, elapsed, self.forks)
        if found.done or found.seconds is not None:
            self._tell("forecast", str(found), **found.facts())
