"""Drives an upgrade: batch after batch, every node of a batch in a thread of its own, with the
state on disk before and after every phase.
"""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from provisioning.errors import ClusterError
from provisioning.operations.rolling_upgrade import machine, state_file
from provisioning.operations.rolling_upgrade.clock import Clock, WallClock
from provisioning.operations.rolling_upgrade.events import Kind, UpgradeEvent, Watcher
from provisioning.operations.rolling_upgrade.floor import whole
from provisioning.operations.rolling_upgrade.hands import DirectorAwayError, HandError, Hands
from provisioning.operations.rolling_upgrade.machine import Step
from provisioning.operations.rolling_upgrade.phases import SEQUENCES, phase_named
from provisioning.operations.rolling_upgrade.phases.phase import PhaseError, Work
from provisioning.operations.rolling_upgrade.phases.stage import STAGE
from provisioning.operations.rolling_upgrade.preflight import PreflightError, check_batch
from provisioning.operations.rolling_upgrade.state import (
    MOVING,
    Node,
    NodeStatus,
    RunStatus,
    Upgrade,
)

_PREFLIGHT_PATIENCE = 20.0
_PREFLIGHT_EVERY = 2.0
"""Seconds."""


class HeldUpError(ClusterError):
    """Nodes stay where they are, out of service, until every director can be reached."""


class _CutError(Exception):
    """The run is over; nothing may be written any more."""


@dataclass(slots=True)
class Runner:
    """One run of an upgrade, from its start or from where an earlier run was cut."""

    upgrade: Upgrade
    hands: Hands
    folder: Path
    """The site's state folder."""
    watch: Watcher
    clock: Clock = field(default_factory=WallClock)
    forks: int = 10
    _writing: threading.Lock = field(default_factory=threading.Lock)
    _gate: threading.Lock = field(default_factory=threading.Lock)
    _began: float = 0.0
    _held_up: dict[str, str] = field(default_factory=dict)
    """Nodes that wait for a director, and what they were to do."""
    _cut: bool = False

    def run(self) -> Upgrade:
        """To the end, to a pause, or to the first failures too many; the state then.

        Raises ``StateFileError``, and ``PreflightError`` where a batch must not begin,
        ``HeldUpError`` where a director went; then the run may be resumed once that is put right.
        """
        self._began = self.clock.now()
        self._change(lambda upgrade: replace(upgrade, status=RunStatus.RUNNING))
        self._finish_moving()
        self._stage()
        self._batches()
        self._change(machine.ended)
        return self.upgrade

    def give_up(self, reason: str) -> Upgrade:
        """Nodes under way go back to the old release; the others stay as they are."""
        self._began = self.clock.now()
        self._change(lambda upgrade: machine.given_up(upgrade, reason))
        self._finish_moving()
        broken = any(node.status is NodeStatus.BROKEN for node in self.upgrade.nodes)
        status = RunStatus.STOPPED if broken else RunStatus.ABORTED
        self._change(lambda upgrade: replace(upgrade, status=status))
        return self.upgrade

    def _finish_moving(self) -> None:
        """Nodes that an earlier run left under way come to an end before anything new begins."""
        moving = [node.host for node in self.upgrade.nodes if node.status in MOVING]
        if moving:
            self._tell("batch", f"going on with {', '.join(moving)}")
            self._all(moving)

    def _stage(self) -> None:
        """On every node before the first is drained: a release that cannot be put somewhere is
        found while all still serve."""
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
            self._all([n.host for n in self.upgrade.nodes if n.status is NodeStatus.GOING_BACK])

    def _batches(self) -> None:
        while (number := machine.batch_due(self.upgrade)) is not None:
            if machine.must_stop(self.upgrade):
                return
            if state_file.pause_asked(self.folder):
                state_file.forget_pause(self.folder)
                self._tell("paused", "paused as asked; `--resume` goes on")
                return
            batch = machine.members(self.upgrade, number)
            names = [node.host for node in batch]
            self._tell("batch", f"batch {number}: {', '.join(names)}", batch=number, hosts=names)
            self._preflight(batch)
            self._change(lambda upgrade, n=number: machine.started(upgrade, n))  # type: ignore[misc]
            self._all(names)

    def _preflight(self, batch: tuple[Node, ...]) -> None:
        """Looks again for a while: after a change the directors' own checks take their time."""
        end = self.clock.now() + _PREFLIGHT_PATIENCE
        while True:
            try:
                notes = check_batch(self.hands.look(), batch, force=self.upgrade.choices.force)
            except (PreflightError, HandError) as error:
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
        """Each node on its own, to its end. Raises ``HeldUpError``."""
        self._parallel(hosts, self._node)
        if not self._held_up:
            return
        self._change(lambda upgrade: replace(upgrade, status=RunStatus.PAUSED))
        raise HeldUpError(
            "; ".join(f"{host} is held up at {why}" for host, why in self._held_up.items())
            + "; it stays out of service. Once every director answers, or one that is gone for "
            "good has left the inventory: --resume; with --force it goes on without the director"
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
            # threads end at their next word to it; what a host does, it does to its end.
            with self._writing:
                self._cut = True
            self.clock.wake()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        pool.shutdown()

    def _node(self, host: str) -> None:
        while step := machine.next_step(self.upgrade.node(host), SEQUENCES):
            if not self._step(step):
                break
        node = self.upgrade.node(host)
        ends: dict[NodeStatus, tuple[Kind, str]] = {
            NodeStatus.UPGRADED: ("upgraded", "upgraded"),
            NodeStatus.BACK: ("put_back", f"as it was before: {node.reason}"),
            NodeStatus.BROKEN: ("broken", node.reason),
        }
        if node.status in ends:
            kind, text = ends[node.status]
            self.watch(UpgradeEvent(kind, host, "", text, {"seconds": node.seconds}))

    def _step(self, step: Step) -> bool:
        """One step, with its begin and end on disk. Whether the node can take another."""
        node = self.upgrade.node(step.host)
        phase = phase_named(node.role, step.phase)
        back = step.direction == "back"
        self._change(lambda upgrade: machine.begun(upgrade, step))
        work = Work(
            self.upgrade.node(step.host),
            self.upgrade.target,
            self.upgrade.choices,
            self.hands,
            self.clock,
            self.watch,
            self._gate,
            phase.name,
        )
        began = self.clock.now()
        applies = back or phase.applies(node, self.upgrade.choices)
        try:
            if back:
                work.tell("undo", f"taking back: {phase.title}")
                phase.undo(work)
            elif applies:
                work.tell("phase", phase.title)
                phase.run(work)
        except (PhaseError, HandError) as error:
            if isinstance(error, DirectorAwayError) and not back:
                # The release is not to blame, and going back would need the director as well.
                self._held_up[step.host] = f"{phase.title}: {error}"
                work.tell("held_up", str(error))
                return False
            reason = str(error) if back else f"{phase.title}: {error}"
            self._change(lambda upgrade: machine.failed(upgrade, step, reason))
            work.tell("undo_failed" if back else "phase_failed", str(error))
            return not back
        seconds = round(self.clock.now() - began, 3)
        if not back:
            work.seconds[whole(phase.name)] = seconds
        self._change(
            lambda upgrade: machine.passed(
                upgrade, step, SEQUENCES, seconds=work.seconds, facts=work.facts
            )
        )
        if applies:
            work.tell("undo_done" if back else "phase_done", phase.title, {"seconds": seconds})
        return True

    def _change(self, to: Callable[[Upgrade], Upgrade]) -> None:
        with self._writing:
            if self._cut:
                raise _CutError
            now = self.clock.now()
            changed = to(self.upgrade)
            self.upgrade = replace(changed, seconds=changed.seconds + now - self._began)
            self._began = now
            state_file.save(self.folder, self.upgrade)

    def _tell(self, kind: Kind, text: str, **facts: object) -> None:
        self.watch(UpgradeEvent(kind, text=text, facts=facts))
