"""Space that all uploads together may take, as far as this node knows.

The size of their folder is measured every ten minutes, by whichever node's turn it is, and told to
the others. In between a node counts what it adds itself; what the others add it hears of then.
"""

import threading
import time
from collections import deque

from app.errors import StorageError


class UploadSpace:
    """Room for ``limit`` bytes; 0 is no limit."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._measured = 0
        self._added: deque[tuple[float, int]] = deque()
        # It is measured in a thread.
        self._lock = threading.Lock()

    def check(self, size: int) -> None:
        """Raise ``StorageError`` where there is no room for so many bytes more."""
        with self._lock:
            used = self._measured + sum(added for _, added in self._added)
        if self._limit and used + size > self._limit:
            raise _full(self._limit)

    def add(self, size: int) -> None:
        """Count so many bytes more."""
        with self._lock:
            self._added.append((time.monotonic(), size))

    def measured(self, size: int, age: float = 0.0) -> None:
        """Note that all uploads took so many bytes ``age`` seconds ago."""
        with self._lock:
            self._measured = size
            while self._added and self._added[0][0] < time.monotonic() - age:
                self._added.popleft()


def _full(limit: int) -> StorageError:
    told = f"{limit / (1 << 30):g} GiB"
    return StorageError(
        "uploads_full",
        f"the uploads of all together take {told}, which is the most; try again later",
        f"所有上传的文件已占满 {told}，请稍后重试",
        retry_after=600,
    )
