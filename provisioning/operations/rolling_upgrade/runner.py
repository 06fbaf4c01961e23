"""Run an upgrade: batch after batch, every node of a batch in its own thread, with the state saved
before and after every phase.
"""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from provisioning.errors import ClusterError
from provisioning.operations.rolling_upgrade import state_file, state_machine
from provisioning.operations.rolling_upgrade.clock import Clock, WallClock
from provisioning.operations.rolling_upgrade.downtime import whole
from provisioning.operations.rolling_upgrade.events import Kind, UpgradeEvent, Watcher
from provisioning.operations.rolling_upgrade.phases import SEQUENCES, phase_named
from provisioning.operations.rolling_upgrade.phases.phase import PhaseContext, PhaseError
from provisioning.operations.rolling_upgrade.phases.stage import STAGE
from provisioning.operations.rolling_upgrade.ports import (
    ActionError,
    ClusterActions,
    DirectorUnreachableError,
)
from provisioning.operations.rolling_upgrade.preflight import PreflightError, check_batch
from provisioning.operations.rolling_upgrade.state import (
    MOVING,
    Node,
    NodeStatus,
    RunStatus,
    Upgrade,
)
from provisioning.operations.rolling_upgrade.state_machine import Step

_PREFLIGHT_PATIENCE = 20.0
_PREFLIGHT_EVERY = 2.0
"""Seconds."""


class UpgradeBlockedError(ClusterError):
    """Nodes stay where they are, out of service, until every director can be reached."""


class _InterruptedError(Exception):
    """The run is over; its threads must not write any more."""


@dataclass(slots=True)
class Runner:
    """One run of an upgrade, from its start or from where an earlier run was cut."""

    upgrade: Upgrade
    cluster: ClusterActions
    folder: Path
    """The site's state folder."""
    watch: Watcher
    clock: Clock = field(default_factory=WallClock)
    forks: int = 10
    _writing: threading.Lock = field(default_factory=threading.Lock)
    _capacity_lock: threading.Lock = field(default_factory=threading.Lock)
    _began: float = 0.0
    _blocked: dict[str, str] = field(default_factory=dict)
    """Nodes that wait for a director, and the phase that they wait in."""
    _cut: bool = False

    def run(self) -> Upgrade:
        """Run to the end, a pause, or too many failures; return the state then.

        Raises ``StateFileError``, and ``PreflightError`` where a batch must not begin,
        ``UpgradeBlockedError`` where a director is away; such a run can be resumed once that is
        mended.
        """
        self._began = self.clock.now()
        self._change(lambda upgrade: replace(upgrade, status=RunStatus.RUNNING))
        self._finish_moving()
        self._stage()
        self._batches()
        self._change(state_machine.conclude)
        return self.upgrade

    def abort(self, reason: str) -> Upgrade:
        """Roll nodes under way back to the old release; the others stay as they are."""
        self._began = self.clock.now()
        self._change(lambda upgrade: state_machine.abort(upgrade, reason))
        self._finish_moving()
        stuck = any(node.status is NodeStatus.FAILED for node in self.upgrade.nodes)
        status = RunStatus.STOPPED if stuck else RunStatus.ABORTED
        self._change(lambda upgrade: replace(upgrade, status=status))
        return self.upgrade

    def _finish_moving(self) -> None:
        """Finish nodes that an earlier run left under way, before anything new begins."""
        moving = [node.host for node in self.upgrade.nodes if node.status in MOVING]
        if moving:
            self._tell("batch", f"resuming {', '.join(moving)}")
            self._all(moving)

    def _stage(self) -> None:
        """Stage on every node before the first is drained: a release that cannot be unpacked
        somewhere is found while all nodes still serve."""
        due = [
            node.host
            for node in self.upgrade.nodes
            if node.role == "real_server"
            and node.status is NodeStatus.WAITING
            and STAGE.name not in node.done
        ]
        if due:
            self._tell("batch", f"staging {self.upgrade.target} on {', '.join(due)}")
            self._parallel(due, lambda host: self._step(Step(host, STAGE.name)))
            self._all([n.host for n in self.upgrade.nodes if n.status is NodeStatus.ROLLING_BACK])

    def _batches(self) -> None:
        while (number := state_machine.batch_due(self.upgrade)) is not None:
            if state_machine.must_stop(self.upgrade):
                return
            if state_file.pause_asked(self.folder):
                state_file.forget_pause(self.folder)
                self._tell("paused", "paused as asked; `--resume` continues")
                return
            batch = state_machine.batch_members(self.upgrade, number)
            names = [node.host for node in batch]
            self._tell("batch", f"batch {number}: {', '.join(names)}", batch=number, hosts=names)
            self._preflight(batch)
            self._change(lambda upgrade, n=number: state_machine.start_batch(upgrade, n))  # type: ignore[misc]
            self._all(names)

    def _preflight(self, batch: tuple[Node, ...]) -> None:
        """Check a batch, repeatedly for a while: after a change the directors' own health checks
        take their time."""
        end = self.clock.now() + _PREFLIGHT_PATIENCE
        while True:
            try:
                notes = check_batch(self.cluster.look(), batch, force=self.upgrade.options.force)
            except (PreflightError, ActionError) as error:
                if self.clock.now() < end:
                    self._tell("waiting", str(error))
                    self.clock.sleep(_PREFLIGHT_EVERY)
                    continue
                self._change(lambda upgrade: replace(upgrade, status=RunStatus.PAUSED))
                raise PreflightError(str(error)) from None
            for note in notes:
                self._tell("note", note)
            return

    def _all(self, hosts: list[str]) -> None:
        """Take nodes to their end, each on its own. Raises ``UpgradeBlockedError``."""
        self._parallel(hosts, self._node)
        if not self._blocked:
            return
        self._change(lambda upgrade: replace(upgrade, status=RunStatus.PAUSED))
        raise UpgradeBlockedError(
            "; ".join(f"{host} is blocked at {why}" for host, why in self._blocked.items())
            + "; it stays out of service. Once every director answers, or one that is gone for "
            "good has left the inventory: --resume; with --force it continues without the director"
        )

    def _parallel(self, hosts: list[str], work: Callable[[str], object]) -> None:
        if not hosts:
            return
        pool = ThreadPoolExecutor(min(self.forks, len(hosts)), thread_name_prefix="upgrade")
        try:
            for done in [pool.submit(work, host) for host in hosts]:
                done.result()
        except BaseException:
            # Interrupted: the state on disk says where each node is and stays as it is. The other
            # threads end when they next write it; scripts on hosts run to their end.
            with self._writing:
                self._cut = True
            self.clock.stop()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        pool.shutdown()

    def _node(self, host: str) -> None:
        while step := state_machine.next_step(self.upgrade.node(host), SEQUENCES):
            if not self._step(step):
                break
        node = self.upgrade.node(host)
        ends: dict[NodeStatus, tuple[Kind, str]] = {
            NodeStatus.UPGRADED: ("upgraded", "upgraded"),
            NodeStatus.ROLLED_BACK: ("rolled_back", f"as it was before: {node.reason}"),
            NodeStatus.FAILED: ("failed", node.reason),
        }
        if node.status in ends:
            kind, text = ends[node.status]
            self.watch(UpgradeEvent(kind, host, "", text, {"seconds": node.seconds}))

    def _step(self, step: Step) -> bool:
        """Run one step, with its begin and end on disk; tell whether the node can take another."""
        node = self.upgrade.node(step.host)
        phase = phase_named(node.role, step.phase)
        back = step.direction == "back"
        self._change(lambda upgrade: state_machine.begin_step(upgrade, step))
        context = PhaseContext(
            self.upgrade.node(step.host),
            self.upgrade.target,
            self.upgrade.options,
            self.cluster,
            self.clock,
            self.watch,
            self._capacity_lock,
            phase.name,
        )
        began = self.clock.now()
        applies = back or phase.applies(node, self.upgrade.options)
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
                self._blocked[step.host] = f"{phase.title}: {error}"
                context.report("blocked", str(error))
                return False
            reason = str(error) if back else f"{phase.title}: {error}"
            self._change(lambda upgrade: state_machine.fail(upgrade, step, reason))
            context.report("undo_failed" if back else "phase_failed", str(error))
            return not back
        seconds = round(self.clock.now() - began, 3)
        if not back:
            context.seconds[whole(phase.name)] = seconds
        self._change(
            lambda upgrade: state_machine.complete(
                upgrade, step, SEQUENCES, seconds=context.seconds, facts=context.facts
            )
        )
        if applies:
            context.report("undo_done" if back else "phase_done", phase.title, {"seconds": seconds})
        return True

    def _change(self, to: Callable[[Upgrade], Upgrade]) -> None:
        with self._writing:
            if self._cut:
                raise _InterruptedError
            now = self.clock.now()
            changed = to(self.upgrade)
            self.upgrade = replace(changed, seconds=changed.seconds + now - self._began)
            self._began = now
            state_file.save(self.folder, self.upgrade)

    def _tell(self, kind: Kind, text: str, **facts: object) -> None:
        self.watch(UpgradeEvent(kind, text=text, facts=facts))
