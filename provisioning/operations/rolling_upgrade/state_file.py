"""State of an upgrade on the control machine's disk, and the request to pause it.

Both lie in the state folder. The state is written beside its place, flushed to the disk and
renamed, so that a run cut at any moment left either the state before or the state after.
"""

import contextlib
import json
import os
from pathlib import Path

from provisioning.errors import ClusterError
from provisioning.operations.rolling_upgrade.state import (
    StateFormatError,
    Upgrade,
    from_record,
    to_record,
)

_STATE, _PAUSE = "rolling-upgrade.json", "rolling-upgrade.pause"


class StateFileError(ClusterError):
    """The state cannot be read or written; the message names the file and says why."""


def save(folder: Path, upgrade: Upgrade) -> None:
    """Write the state, whole or not at all. Raises ``StateFileError``."""
    path = folder / _STATE
    beside = path.with_suffix(".new")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(to_record(upgrade), file, ensure_ascii=False, indent=1)
            file.flush()
            os.fsync(file.fileno())
        beside.rename(path)
        _flush_folder(folder)
    except OSError as error:
        raise StateFileError(f"{path}: cannot be written: {error.strerror}") from None


def load(folder: Path) -> Upgrade | None:
    """Read the state of the latest upgrade; None where there is none. Raises ``StateFileError``."""
    path = folder / _STATE
    try:
        return from_record(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StateFileError(f"{path}: cannot be read: {error.strerror}") from None
    except (StateFormatError, ValueError) as error:
        raise StateFileError(
            f"{path}: {error}; finish it with the version that wrote it, or move the file away"
        ) from None


def forget(folder: Path) -> None:
    """Remove the state and the request: nothing can be resumed any more."""
    for name in (_STATE, _PAUSE):
        (folder / name).unlink(missing_ok=True)


def ask_to_pause(folder: Path) -> None:
    """Have the run under way stop when the nodes at work are done."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _PAUSE).touch()


def pause_asked(folder: Path) -> bool:
    """True where a pause was asked for."""
    return (folder / _PAUSE).exists()


def forget_pause(folder: Path) -> None:
    """Remove the request: it was obeyed, or made before the run."""
    with contextlib.suppress(FileNotFoundError):
        (folder / _PAUSE).unlink()


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
