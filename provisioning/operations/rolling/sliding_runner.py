"""Work on the real servers of a run as a sliding window: so many out at any time, and the next one
begins when one is back."""

from abc import abstractmethod
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, TypeVar

from . import window
from .batches import members_left
from .errors import ActionError, PreflightError
from .preflight import Candidate, check_batch
from .run_status import RunStatus
from .runner import PREFLIGHT_EVERY, RollingRunner, RunState
from .snapshot import ClusterSnapshot


class _WindowedState(RunState, window.Windowed[Any], Protocol):
    pass


State = TypeVar("State", bound=_WindowedState)


@dataclass(frozen=True, slots=True)
class _Refusal:
    """The last time that the next real server of a window could not go."""

    out: tuple[str, ...]
    until: float

    def holds(self, out: Sequence[str], now: float) -> bool:
        """True while a look at the whole cluster would find nothing new."""
        return self.out == tuple(out) and now < self.until


@dataclass(slots=True, kw_only=True)
class SlidingRunner(RollingRunner[State]):
    """A run some of whose batches are windows."""

    _refused: _Refusal | None = None

    @abstractmethod
    def _start(self, hosts: Sequence[str]) -> None:
        """Set hosts under way."""

    @abstractmethod
    def _look(self) -> ClusterSnapshot:
        """Observe the whole cluster. Raises ``ActionError``."""

    @abstractmethod
    def _must_stop(self) -> bool:
        """True where nothing may begin any more, as too much failed."""

    @property
    @abstractmethod
    def _forced(self) -> bool:
        """True where objections do not count."""

    def _left(self) -> str:
        """Say how long a run will take from here, to be added to what begins; empty where that is
        not known, or told in another way."""
        return ""

    def _checked(self, batch: Sequence[Candidate]) -> list[str]:
        return check_batch(self._look(), batch, force=self._forced)

    def _slide(self, number: int) -> None:
        """Take the real servers of a window to their end. After a failure too many, or when a pause
        was asked for, none begins any more. Raises ``PreflightError`` where none can begin, and
        ``RunBlockedError``."""
        most = self.state.most_out
        names = [one.host for one in members_left(self.state.servers, number)]
        self._tell(
            "batch",
            f"window of {len(names)} real servers, {most} out at most: {', '.join(names)}",
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
                    self._require_room(number)
                    break
                # Without a change here the cluster may have become fit for the next one.
                self._moved.wait(PREFLIGHT_EVERY)
        self._require_unblocked()

    def _require_room(self, number: int) -> None:
        """Pause the run where others wait for places that failed ones hold for good. Raises
        ``PreflightError``."""
        waiting = [m.host for m in members_left(self.state.servers, number) if m.waits]
        if not waiting or self._is_closed():
            return
        self._change(lambda state: state.with_status(RunStatus.PAUSED))
        raise PreflightError(
            f"{', '.join(window.out(self.state))} failed and stays out, and {self.state.most_out} "
            f"may be out at most: {', '.join(waiting)} cannot begin; mend that and --resume, or "
            "--resume with a larger --max-out"
        )

    def _is_closed(self) -> bool:
        """True where no further one of a window may begin."""
        return self._must_stop() or bool(self._blocked) or self.pause.asked

    def _admitted(self, number: int, pool: ThreadPoolExecutor, others: bool) -> list[str]:
        """Set real servers of a window under way, as many as may go now. Those that the cluster
        cannot do without wait for ``others`` to be back; where there are none, only for a while.
        Raises ``PreflightError``."""
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
                # those that are under way.
                snapshot = pool.submit(self._look).result()
                chosen, notes = window.admitted(snapshot, due, going, force=self._forced)
            except (PreflightError, ActionError) as error:
                self._refused = _Refusal(tuple(going), now + PREFLIGHT_EVERY)
                self._tell("waiting", str(error))
                return []
            for note in notes:
                self._tell("note", note)
        hosts = [one.host for one in chosen]
        self._start(hosts)
        count, most = len(window.out(self.state)), self.state.most_out
        text = f"next: {', '.join(hosts)} ({count} of {most} out){self._left()}"
        self._tell("batch", text, batch=number, hosts=hosts, out=count, max_out=most)
        return hosts
