"""Sends to hooks beside the work: slow or broken ones neither hold it up nor fail it."""

import queue
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from .hook import TIMEOUT, Hook
from .program import HookError

Record = Mapping[str, Any]


class Notifier:
    """Takes records at once and hands them to every hook in order, from a thread of its own."""

    def __init__(self, hooks: Sequence[Hook], complain: Callable[[str], None]) -> None:
        self._hooks, self._complain = hooks, complain
        self._waiting: queue.SimpleQueue[Record | None] = queue.SimpleQueue()
        # A daemon: a hook that hangs does not keep the program from ending.
        self._thread = threading.Thread(target=self._work, name="notifier", daemon=True)
        if hooks:
            self._thread.start()

    def send(self, record: Record) -> None:
        """Returns at once."""
        if self._hooks:
            self._waiting.put(record)

    def close(self, patience: float = TIMEOUT) -> None:
        """Gives the last records at most ``patience`` seconds to go out."""
        if self._hooks:
            self._waiting.put(None)
            self._thread.join(patience)

    def _work(self) -> None:
        while (record := self._waiting.get()) is not None:
            for hook in self._hooks:
                try:
                    hook(record)
                except HookError as error:
                    self._complain(f"notification: {error}")


@contextmanager
def notifying(hooks: Sequence[Hook], complain: Callable[[str], None]) -> Iterator[Notifier]:
    """A notifier for the time of the block."""
    notifier = Notifier(hooks, complain)
    try:
        yield notifier
    finally:
        notifier.close()
