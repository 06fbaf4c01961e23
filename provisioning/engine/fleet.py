"""Many hosts at once: connections, and the same work on each."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from threading import Thread
from typing import TypeVar

from ..transport.base import Transport, TransportError
from .progress import Event, Progress, silent

T = TypeVar("T")
Connect = Callable[[str], Transport]


class Fleet:
    """Connections to hosts by name, each made once and kept until ``close``.

    A host that cannot be reached is an entry in ``errors`` and does not stop the others.
    """

    def __init__(self, connect: Connect, *, forks: int, progress: Progress = silent) -> None:
        self._connect = connect
        self._forks = forks
        self._progress = progress
        self.transports: dict[str, Transport] = {}
        self.errors: dict[str, TransportError] = {}

    def connect(self, names: Iterable[str]) -> None:
        """Connects to all that are not connected, or were lost since; those that are there again
        leave ``errors``."""
        lacking = [name for name in names if name not in self.transports]
        self._each(lacking, self._connect_to, self._forks)

    def another(self, name: str) -> Transport:
        """A further connection to a host, which the caller closes. Raises ``TransportError``."""
        return self._connect(name)

    def _connect_to(self, name: str) -> None:
        self._progress(Event("connect", name))
        try:
            self.transports[name] = self._connect(name)
        except TransportError as error:
            self.errors[name] = error
            self._progress(Event("failed", name, str(error)))
        else:
            self.errors.pop(name, None)
            self._progress(Event("connected", name))

    def each(self, names: Iterable[str], work: Callable[[str, Transport], T]) -> dict[str, T]:
        """Runs ``work`` for every connected host; one that raises ``TransportError`` moves to
        ``errors`` and is no longer connected. Results come in the order of ``names``."""
        return self._all(names, work, connect=False)

    def each_at_once(
        self, names: Iterable[str], work: Callable[[str, Transport], T]
    ) -> dict[str, T]:
        """As ``connect`` and then ``each``, but that no host waits for the connections of others:
        one that is silent until its time is up costs that time and no more."""
        return self._all(names, work, connect=True)

    def together(self, names: Iterable[str], work: Callable[[str, Transport], T]) -> dict[str, T]:
        """As ``each``, but all at the same time whatever ``forks`` says: each waits for others."""
        names = list(names)
        return self._all(names, work, connect=False, forks=len(names))

    def _all(
        self,
        names: Iterable[str],
        work: Callable[[str, Transport], T],
        *,
        connect: bool,
        forks: int | None = None,
    ) -> dict[str, T]:
        names = list(names)
        results: dict[str, T] = {}

        def one(name: str) -> None:
            if name not in self.transports:
                self._connect_to(name)
            if name not in self.transports:
                return
            try:
                results[name] = work(name, self.transports[name])
            except TransportError as error:
                self.errors[name] = error
                if lost := self.transports.pop(name, None):
                    lost.close()
                self._progress(Event("failed", name, str(error)))

        chosen = [name for name in names if connect or name in self.transports]
        self._each(chosen, one, forks or self._forks)
        return {name: results[name] for name in names if name in results}

    def close(self) -> None:
        """Closes every connection, at the same time: each may wait a moment for its thread."""
        closing = [Thread(target=one.close) for one in list(self.transports.values())]
        for thread in closing:
            thread.start()
        for thread in closing:
            thread.join()
        self.transports.clear()

    def _each(self, names: list[str], work: Callable[[str], None], forks: int) -> None:
        if not names:
            return
        pool = ThreadPoolExecutor(max_workers=min(forks, len(names)))
        try:
            list(pool.map(work, names))
        except KeyboardInterrupt:
            # Threads wait for hosts that may take minutes; closing their connections ends them,
            # and a host under change finishes or takes back its changes by itself.
            pool.shutdown(wait=False, cancel_futures=True)
            self.close()
            raise
        except BaseException:
            # What is under way on other hosts goes to its end; nothing is begun any more.
            pool.shutdown(cancel_futures=True)
            raise
        pool.shutdown()
