"""Run an upgrade: batch after batch, or as a sliding window, every node in its own thread, with the
state saved before and after every phase.
"""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from ..rolling.batches import batch_due, members_left
from ..rolling.errors import ActionError, PreflightError
from ..rolling.preflight import check_batch
from ..rolling.run_status import RunStatus
from ..rolling.runner import PREFLIGHT_EVERY
from . import state_machine, window
from .node_runner import NodeRunner
from .phases import SEQUENCES
from .phases.stage import STAGE
from .state import (
    MOVING,
    Node,
    NodeStatus,
    Upgrade,
)
from .state_machine import Step


@dataclass(frozen=True, slots=True)
class _Refusal:
    """The last time that the next node of a window could not go."""

    out: tuple[str, ...]
    until: float

    def holds(self, out: Sequence[str], now: float) -> bool:
        """True while a look at the whole cluster would find nothing new."""
        return self.out == tuple(out) and now < self.until


@dataclass(slots=True)
class Runner(NodeRunner):
    """One run of an upgrade, from its start or from where an earlier run was cut."""

    _refused: _Refusal | None = None

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
            if state_machine.must_stop(self.state):
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

    def _start(self, hosts: list[str]) -> None:
        """Set nodes under way, at their first phase."""

        def started(upgrade: Upgrade) -> Upgrade:
            upgrade = state_machine.start(upgrade, hosts)
            for host in hosts:
                upgrade = state_machine.begin_next(upgrade, host, SEQUENCES)
            return upgrade

        self._change(started)

    def _slide(self, number: int) -> None:
        """Take the nodes of a window to their end, so many out at a time: the next one begins when
        one is back. After a failure too many, or when a pause was asked for, none begins any more.
        Raises as ``run``."""
        most = window.limit(self.state)
        names = [node.host for node in members_left(self.state.nodes, number)]
        self._tell(
            "batch",
            f"window of {len(names)} nodes, {most} out at most: {', '.join(names)}",
            batch=number,
            hosts=names,
            max_out=most,
        )
        working: set[Future[None]] = set()
        self._refused = None
        with self._pool(len(names) + 1) as pool:
            while True:
                self._moved.clear()
                ended = {work for work in working if work.done()}
                working -= ended
                for work in ended:
                    work.result()
                begins = [] if self._is_closed() else self._admitted(number, pool, bool(working))
                for host in begins:
                    work = pool.submit(self._host, host)
                    working.add(work)
                    work.add_done_callback(lambda work: self._moved.set())
                if not working:
                    break
                # Without a change here the cluster may have become fit for the next one.
                self._moved.wait(PREFLIGHT_EVERY)
        self._require_unblocked()

    def _is_closed(self) -> bool:
        """True where no further node of a window may begin."""
        return state_machine.must_stop(self.state) or bool(self._blocked) or self.pause.asked

    def _admitted(self, number: int, pool: ThreadPoolExecutor, others: bool) -> list[str]:
        """Set nodes of a window under way, as many as may go now. Those that the cluster cannot do
        without wait for ``others`` to be back; where there are none, only for a while. Raises
        ``PreflightError``."""
        due = window.due(self.state, number)
        going, now = window.out(self.state), self.clock.now()
        if not due or (self._refused and others and self._refused.holds(going, now)):
            return []
        if not others:
            # Also where more might go: the rest is seen to at once.
            self._preflight(partial(self._checked, due[:1]))
            chosen = due[:1]
        else:
            try:
                # Not in this thread: an interruption of its look would close the connections of
                # the nodes that are under way.
                snapshot = pool.submit(self.cluster.look).result()
                force = self.state.options.force
                chosen, notes = window.admitted(snapshot, due, going, force=force)
            except (PreflightError, ActionError) as error:
                self._refused = _Refusal(tuple(going), now + PREFLIGHT_EVERY)
                self._tell("waiting", str(error))
                return []
            for note in notes:
                self._tell("note", note)
        hosts = [node.host for node in chosen]
        self._start(hosts)
        count, most = len(window.out(self.state)), window.limit(self.state)
        text = f"next: {', '.join(hosts)} ({count} of {most} out)"
        self._tell("batch", text, batch=number, hosts=hosts, out=count, max_out=most)
        return hosts

    def _checked(self, batch: Sequence[Node]) -> list[str]:
        return check_batch(self.cluster.look(), batch, force=self.state.options.force)
