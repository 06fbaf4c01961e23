"""Files that appear whole or not at all, also on NFS and through a power cut."""

import contextlib
import os
from pathlib import Path

# Hidden, so that nobody lists or serves it; left behind only by a node that died writing.
_UNFINISHED = ".unfinished-"


def write(path: Path, data: bytes) -> None:
    """Write `data` under a name of its own, flush it to the disk, then rename it to `path`.

    Raises OSError; then nothing is left under either name.
    """
    unfinished = path.with_name(f"{_UNFINISHED}{path.name}")
    try:
        with unfinished.open("xb") as file:
            file.write(data)
            file.flush()
            # NFS tells of a full disk here at the latest, not in write().
            os.fsync(file.fileno())
        unfinished.rename(path)
    except OSError:
        with contextlib.suppress(OSError):
            unfinished.unlink()
        raise
    _flush_names(path.parent)


def _flush_names(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        # Some network file systems have no fsync for folders; the file itself is safe.
        with contextlib.suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
