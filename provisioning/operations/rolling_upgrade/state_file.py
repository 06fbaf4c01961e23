"""State of an upgrade, and the request to pause it.

The state of one that is registered is in the cluster's record, on its hosts, so that any machine
can resume it; the state folder has a copy. A run cut at any moment left either the state before or
the state after. The request lies in the state folder alone.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...durable_file import write_durably
from ...errors import ClusterError
from ...model.cluster_record import ClusterRecord
from ..rolling.pause import PauseRequest
from ..rolling.run_status import OVER
from ..state_folder.runtime_state import change, load_record
from .state import (
    StateFormatError,
    Upgrade,
    from_record,
    to_record,
)

_STATE = "rolling-upgrade.json"


class StateFileError(ClusterError):
    """The state cannot be read or written; the message names the file and says why."""


def save(folder: Path, upgrade: Upgrade) -> None:
    """Write the state, whole or not at all; on the hosts that remember it first. Raises
    ``StateFileError``, ``RuntimeStateError``, and ``TransportError`` where no host can be told."""
    state = to_record(upgrade)

    def told(record: ClusterRecord) -> ClusterRecord:
        known = record.upgrade
        if known is None or known.id != upgrade.id:
            return record
        if upgrade.status in OVER:
            return replace(record, upgrade=None)
        return replace(record, upgrade=replace(known, state=state))

    change(folder, told)
    _write(folder, state)


def _write(folder: Path, state: dict[str, Any]) -> None:
    path = folder / _STATE
    text = json.dumps(state, ensure_ascii=False, indent=1)
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
    (folder / _STATE).unlink(missing_ok=True)
    pause_request(folder).forget()


def pause_request(folder: Path) -> PauseRequest:
    """The request to pause an upgrade."""
    return PauseRequest(folder, "rolling-upgrade")
