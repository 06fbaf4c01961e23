"""Run an upgrade: batch after batch, or as a sliding window, every node in its own thread, with the
state saved before and after every phase.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from ..rolling import window
from ..rolling.batches import batch_due, members_left
from ..rolling.run_status import RunStatus
from ..rolling.snapshot import ClusterSnapshot
from . import state_machine
from .node_runner import NodeRunner
from .phases import SEQUENCES
from .phases.stage import STAGE
from .state import MOVING, NodeStatus, Upgrade
from .state_machine import Step


@dataclass(slots=True)
class Runner(NodeRunner):
    """One run of an upgrade, from its start or from where an earlier run was cut."""

    def run(self) -> Upgrade:
        """Run to the end, a pause, or too many failures; return the state then.

        Raises ``StateFileError``, and ``PreflightError`` where a batch must not begin,
        ``RunBlockedError`` where a director is away; such a run can be resumed once that is
        mended.
        """
        self._began = self.clock.now()
        self._change(lambda upgrade: upgrade.with_status(RunStatus.RUNNING))
        self._forecast()
        self._resume([node.host for node in self.state.nodes if node.status in MOVING])
        self._stage()
        self._batches()
        self._change(state_machine.conclude)
        return self.state

    def abort(self, reason: str) -> Upgrade:
        """Roll nodes under way back to the old release; the others stay as they are."""
        self._began = self.clock.now()
        self._change(lambda upgrade: state_machine.abort(upgrade, reason))
        self._resume([node.host for node in self.state.nodes if node.status in MOVING])
        stuck = any(node.status is NodeStatus.FAILED for node in self.state.nodes)
        status = RunStatus.STOPPED if stuck else RunStatus.ABORTED
        self._change(lambda upgrade: upgrade.with_status(status))
        return self.state

    def _stage(self) -> None:
        """Stage on every node before the first is drained: a release that cannot be unpacked
        somewhere is found while all nodes still serve."""
        due = [
            node.host
            for node in self.state.nodes
            if node.role == "real_server"
            and node.status is NodeStatus.WAITING
            and STAGE.name not in node.done
        ]
        if due:
            self._tell("batch", f"staging {self.state.target} on {', '.join(due)}")
            self._parallel(due, lambda host: self._step(Step(host, STAGE.name)))
            self._finish([n.host for n in self.state.nodes if n.status is NodeStatus.ROLLING_BACK])

    def _batches(self) -> None:
        while (number := batch_due(self.state.nodes)) is not None:
            if self._must_stop():
                return
            if self._obeys_pause():
                return
            if window.is_window(self.state, number):
                self._slide(number)
                continue
            batch = members_left(self.state.nodes, number)
            names = [node.host for node in batch]
            self._tell("batch", f"batch {number}: {', '.join(names)}", batch=number, hosts=names)
            self._preflight(partial(self._checked, batch))
            self._start(names)
            self._finish(names)

    def _start(self, hosts: Sequence[str]) -> None:
        """Set nodes under way, at their first phase."""

        def started(upgrade: Upgrade) -> Upgrade:
            upgrade = state_machine.start(upgrade, hosts)
            for host in hosts:
                upgrade = state_machine.begin_next(upgrade, host, SEQUENCES)
            return upgrade

        self._change(started)

    def _look(self) -> ClusterSnapshot:
        return self.cluster.look()

    def _must_stop(self) -> bool:
        return state_machine.must_stop(self.state)

    @property
    def _forced(self) -> bool:
        return self.state.options.force
