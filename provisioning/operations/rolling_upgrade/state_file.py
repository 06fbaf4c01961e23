"""State of an upgrade, and the request to pause it.

The state of one that is registered is in the cluster's record, on its hosts, so that any machine
can resume it; the state folder has a copy. A run cut at any moment left either the state before or
the state after. The request lies in the state folder alone.
"""

import contextlib
import json
from dataclasses import replace
from pathlib import Path

from ...durable_file import write_durably
from ...errors import ClusterError
from ...model.cluster_record import ClusterRecord
from ..state_folder.runtime_state import change, load_record
from .state import (
    OVER,
    StateFormatError,
    Upgrade,
    from_record,
    to_record,
)

_STATE, _PAUSE = "rolling-upgrade.json", "rolling-upgrade.pause"


class StateFileError(ClusterError):
    """The state cannot be read or written; the message names the file and says why."""


def save(folder: Path, upgrade: Upgrade) -> None:
    """Write the state, whole or not at all; on the hosts that remember it first. Raises
    ``StateFileError``, ``RuntimeStateError``, and ``TransportError`` where no host can be told."""

    def told(record: ClusterRecord) -> ClusterRecord:
        known = record.upgrade
        if known is None or known.id != upgrade.id:
            return record
        if upgrade.status in OVER:
            return replace(record, upgrade=None)
        return replace(record, upgrade=replace(known, state=to_record(upgrade)))

    change(folder, told)
    _write(folder, upgrade)


def _write(folder: Path, upgrade: Upgrade) -> None:
    path = folder / _STATE
    text = json.dumps(to_record(upgrade), ensure_ascii=False, indent=1)
    try:
        write_durably(path, text, mode=0o600)
    except OSError as error:
        raise StateFileError(f"{path}: cannot be written: {error.strerror}") from None


def load(folder: Path) -> Upgrade | None:
    """Read the state of the latest upgrade, as the cluster remembers it; None where there is none.
    Raises ``StateFileError`` and ``RuntimeStateError``."""
    record = load_record(folder)
    if record.upgrade is not None and record.upgrade.state is not None:
        try:
            return from_record(record.upgrade.state)
        except StateFormatError as error:
            raise StateFileError(
                f"{record.upgrade}: {error}; finish it with the version that began it"
            ) from None
    known = _read(folder)
    if record.upgrade is None and record.serial and known and known.status not in OVER:
        # Another folder has ended it.
        return None
    return known


def _read(folder: Path) -> Upgrade | None:
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
