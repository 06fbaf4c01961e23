"""State of an upgrade on the control machine's disk, and the request to pause it.

Both lie in the state folder. A run cut at any moment left either the state before or the state
after.
"""

import contextlib
import json
from pathlib import Path

from ...durable_file import write_durably
from ...errors import ClusterError
from .state import (
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
    text = json.dumps(to_record(upgrade), ensure_ascii=False, indent=1)
    try:
        write_durably(path, text, mode=0o600)
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
