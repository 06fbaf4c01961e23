"""One run at a time per cluster and control machine."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import ClusterError
from .state_folder import in_state_folder


class LockedError(ClusterError):
    """Another run is under way; the message says whose."""


@contextmanager
def cluster_lock(folder: Path, holder: str) -> Iterator[str | None]:
    """Holds the cluster's lock while the block runs.

    Yields who held it when a run was cut before its end, or nothing. The lock is an flock(2), so
    it goes with its process however that ends; the file's text only tells people who holds it.
    Raises ``LockedError``, ``StateFolderError``.
    """
    with in_state_folder(folder):
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / "lock").open("a+", encoding="utf-8")
    with file:
        file.seek(0)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            who = _holder(file.read()) or "another run"
            raise LockedError(f"{who} is under way on this cluster; wait for it") from None
        left_behind = _holder(file.read())
        file.truncate(0)
        with in_state_folder(folder):
            # Past the buffer, which would try again, and fail again, when the file is closed.
            os.write(file.fileno(), json.dumps({"holder": holder, "pid": os.getpid()}).encode())
        try:
            yield left_behind
        finally:
            file.truncate(0)


def _holder(text: str) -> str | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return f"{found['holder']} (process {found['pid']})"
