"""Endings of a worker's last jobs, and the doubt of the worker that follows from them. Pure.

A failed job is not a sign against the worker: a text may fail wherever it is sent, and be sent
again and again. So a doubt only has the worker say its first words again, which every worker has
said.
"""

from collections import deque

_REMEMBERED = 8
_MOST = 3
"""Most self-tests for one doubt."""
_REFUSALS = 3
"""Jobs in a row that the engine refuses to speak, which is the text's fault as a rule."""


class Record:
    """Endings of one worker's jobs."""

    def __init__(self) -> None:
        self.done = 0
        """Jobs that ended well."""
        self._failed: deque[bool] = deque(maxlen=_REMEMBERED)
        self._refused = 0

    def ended(self, ending: str) -> int:
        """Note the last frame of a job, and return the number of self-tests to run now.

        More often the more jobs have failed lately: an engine that fails now and then may speak
        well once.
        """
        if ending == "done":
            self.done += 1
            self._refused = 0
            self._failed.append(False)
        elif ending == "failed":
            self._failed.append(True)
            return min(_MOST, sum(self._failed))
        elif ending == "refused":
            self._refused += 1
            if self._refused == _REFUSALS:
                self._refused = 0
                return 1
        return 0
