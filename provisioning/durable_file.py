"""Files of the control machine that appear whole or not at all, also through a power cut."""

import contextlib
import os
from pathlib import Path


def write_durably(path: Path, text: str, *, mode: int = 0o666) -> None:
    """Replace a file: written beside its place, flushed to the disk and renamed, so that its old or
    its new content is there at any moment. Makes its folder if need be.

    ``mode`` is cut by the umask, as with open(2). Raises OSError; then nothing is left of it.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    # Of a process of the same number that was cut: it may have another mode.
    draft.unlink(missing_ok=True)
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise
    # Some network file systems have no fsync for folders; the file itself is safe.
    with contextlib.suppress(OSError):
        flush(path.parent)


def flush(path: Path) -> None:
    """Bring the content of a file, or the names in a folder, to the disk. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
