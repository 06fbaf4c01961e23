"""Run an upgrade: batch after batch, or as a sliding window, every node in its own thread, with the
state saved before and after every phase.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace

from ...errors import ClusterError
from . import state_file, state_machine, window
from .node_runner import NodeRunner
from .phases import SEQUENCES
from .phases.stage import STAGE
from .ports import ActionError
from .preflight import PreflightError, check_batch
from .state import (
    MOVING,
    Node,
    NodeStatus,
    RunStatus,
    Upgrade,
)
from .state_machine import Step

_PREFLIGHT_PATIENCE = 20.0
_PREFLIGHT_EVERY = 2.0
"""Seconds."""


class UpgradeBlockedError(ClusterError):
    """Nodes stay where they are, out of service, until every director can be reached."""


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
        ``UpgradeBlockedError`` where a director is away; such a run can be resumed once that is
        mended.
        """
        self._began = self.clock.now()
        self._change(lambda upgrade: replace(upgrade, status=RunStatus.RUNNING))
        self._forecast()
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
            if window.is_window(self.upgrade, number):
                self._slide(number)
                continue
            batch = state_machine.batch_members(self.upgrade, number)
            names = [node.host for node in batch]
            self._tell("batch", f"batch {number}: {', '.join(names)}", batch=number, hosts=names)
            self._preflight(batch)
            self._start(names)
            self._all(names)

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
        most = window.limit(self.upgrade)
        names = [node.host for node in state_machine.batch_members(self.upgrade, number)]
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
                    work = pool.submit(self._node, host)
                    working.add(work)
                    work.add_done_callback(lambda work: self._moved.set())
                if not working:
                    break
                # Without a change here the cluster may have become fit for the next one.
                self._moved.wait(_PREFLIGHT_EVERY)
        self._require_unblocked()

    def _is_closed(self) -> bool:
        """True where no further node of a window may begin."""
        return (
            state_machine.must_stop(self.upgrade)
            or bool(self._blocked)
            or state_file.pause_asked(self.folder)
        )

    def _admitted(self, number: int, pool: ThreadPoolExecutor, others: bool) -> list[str]:
        """Set nodes of a window under way, as many as may go now. Those that the cluster cannot do
        without wait for ``others`` to be back; where there are none, only for a while. Raises
        ``PreflightError``."""
        due = window.due(self.upgrade, number)
        going, now = window.out(self.upgrade), self.clock.now()
        if not due or (self._refused and others and self._refused.holds(going, now)):
            return []
        if not others:
            # Also where more might go: the rest is seen to at once.
            self._preflight((due[0],))
            chosen = due[:1]
        else:
            try:
                # Not in this thread: an interruption of its look would close the connections of
                # the nodes that are under way.
                snapshot = pool.submit(self.cluster.look).result()
                force = self.upgrade.options.force
                chosen, notes = window.admitted(snapshot, due, going, force=force)
            except (PreflightError, ActionError) as error:
                self._refused = _Refusal(tuple(going), now + _PREFLIGHT_EVERY)
                self._tell("waiting", str(error))
                return []
            for note in notes:
                self._tell("note", note)
        hosts = [node.host for node in chosen]
        self._start(hosts)
        count, most = len(window.out(self.upgrade)), window.limit(self.upgrade)
        text = f"next: {', '.join(hosts)} ({count} of {most} out)"
        self._tell("batch", text, batch=number, hosts=hosts, out=count, max_out=most)
        return hosts

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
        self._require_unblocked()

    def _require_unblocked(self) -> None:
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
        with self._pool(min(self.forks, len(hosts))) as pool:
            for done in [pool.submit(work, host) for host in hosts]:
                done.result()

    @contextmanager
    def _pool(self, size: int) -> Iterator[ThreadPoolExecutor]:
        """Threads for the time of the block; all of them have ended after it, but for an
        exception."""
        pool = ThreadPoolExecutor(size, thread_name_prefix="upgrade")
        try:
            yield pool
        except BaseException:
            # Interrupted: the state on disk says where each node is and stays as it is. The other
            # threads end when they next write it; scripts on hosts run to their end.
            with self._writing:
                self._cut = True
            self.clock.stop()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        pool.shutdown()
