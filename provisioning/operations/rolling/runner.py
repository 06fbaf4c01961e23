"""Work on the hosts of a run, each in its own thread, over a state that is saved at every step."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Generic, Protocol, Self, TypeVar

from .clock import Clock, WallClock
from .errors import ActionError, PreflightError, RunBlockedError
from .events import Kind, RunEvent, Watcher
from .pause import PauseRequest
from .run_status import RunStatus

PREFLIGHT_EVERY = 2.0
_PREFLIGHT_PATIENCE = 20.0
"""Seconds."""


class RunState(Protocol):
    """State of a whole run."""

    def with_status(self, status: RunStatus) -> Self:
        """Copy the state with another status."""


State = TypeVar("State", bound=RunState)


class _InterruptedError(Exception):
    """The run is over; its threads must not write any more."""


@dataclass(slots=True, kw_only=True)
class RollingRunner(ABC, Generic[State]):
    """A run from its start, or from where an earlier one was cut."""

    state: State
    pause: PauseRequest
    watch: Watcher
    clock: Clock = field(default_factory=WallClock)
    forks: int = 10
    _writing: threading.Lock = field(default_factory=threading.Lock)
    _capacity_lock: threading.Lock = field(default_factory=threading.Lock)
    """Held while capacity is checked and a host goes out of service."""
    _blocked: dict[str, str] = field(default_factory=dict)
    """Hosts that wait for a director, and the phase that they wait in."""
    _moved: threading.Event = field(default_factory=threading.Event)
    """Set at every change of the state."""
    _cut: bool = False

    @abstractmethod
    def _host(self, name: str) -> None:
        """Take a host to its end, in a thread of its own."""

    @abstractmethod
    def _saved(self, changed: State) -> State:
        """Save a changed state, and return it."""

    def _change(self, to: Callable[[State], State]) -> None:
        """Save a changed state, before anything goes on from it."""
        with self._writing:
            if self._cut:
                raise _InterruptedError
            changed = to(self.state)
            if changed == self.state:
                return
            self.state = self._saved(changed)
        self._moved.set()

    def _finish(self, hosts: Sequence[str]) -> None:
        """Take hosts to their end, each on its own. Raises ``RunBlockedError``."""
        self._parallel(hosts, self._host)
        self._require_unblocked()

    def _resume(self, moving: Sequence[str]) -> None:
        """Finish hosts that an earlier run left under way. Raises ``RunBlockedError``."""
        if moving:
            self._tell("batch", f"resuming {', '.join(moving)}")
            self._finish(moving)

    def _parallel(self, hosts: Sequence[str], work: Callable[[str], object]) -> None:
        if not hosts:
            return
        with self._pool(min(self.forks, len(hosts))) as pool:
            for done in [pool.submit(work, host) for host in hosts]:
                done.result()

    @contextmanager
    def _pool(self, size: int) -> Iterator[ThreadPoolExecutor]:
        """Threads for the time of the block; all of them have ended after it, but for an
        exception."""
        pool = ThreadPoolExecutor(size, thread_name_prefix=self.pause.command)
        try:
            yield pool
        except BaseException:
            # Interrupted: the saved state says where each host is and stays as it is. The other
            # threads end when they next write it; what hosts have begun they do to its end.
            with self._writing:
                self._cut = True
            self.clock.stop()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        pool.shutdown()

    def _block(self, host: str, why: str) -> None:
        """Note that a host can neither go on nor back without a director."""
        self._blocked[host] = why

    def _require_unblocked(self) -> None:
        if not self._blocked:
            return
        self._change(lambda state: state.with_status(RunStatus.PAUSED))
        raise RunBlockedError(
            "; ".join(f"{host} is blocked at {why}" for host, why in self._blocked.items())
            + "; it stays out of service. Once every director answers, or one that is gone for "
            "good has left the inventory: --resume; with --force it continues without the director"
        )

    def _preflight(self, check: Callable[[], list[str]]) -> None:
        """Check a batch, repeatedly for a while: after a change the directors' own health checks
        take their time. Raises ``PreflightError``."""
        end = self.clock.now() + _PREFLIGHT_PATIENCE
        while True:
            try:
                notes = check()
            except (PreflightError, ActionError) as error:
                if self.clock.now() < end:
                    self._tell("waiting", str(error))
                    self.clock.sleep(PREFLIGHT_EVERY)
                    continue
                self._change(lambda state: state.with_status(RunStatus.PAUSED))
                raise PreflightError(str(error)) from None
            for note in notes:
                self._tell("note", note)
            return

    def _obeys_pause(self) -> bool:
        """Tell whether a pause was asked for, which is obeyed now."""
        if not self.pause.asked:
            return False
        self.pause.forget()
        self._tell("paused", "paused as asked; `--resume` continues")
        return True

    def _tell(self, kind: Kind, text: str, **facts: object) -> None:
        self.watch(RunEvent(kind, text=text, facts=facts))
