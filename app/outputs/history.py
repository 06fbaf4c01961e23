"""The newest outputs of all nodes, read from their sidecars."""

import heapq
import os
from dataclasses import dataclass
from pathlib import Path

from app.outputs.names import AUDIO, SIDECAR, is_stem
from app.outputs.record import OutputRecord, record_of

# A text of 100,000 characters fits; a foreign file of a gigabyte is not read.
_SIDECAR_LIMIT = 1 << 20


@dataclass(frozen=True, slots=True)
class Output:
    """A finished output: its name without suffix, and what is known of it."""

    stem: str
    record: OutputRecord

    @property
    def file_name(self) -> str:
        """The audio's file name."""
        return self.stem + AUDIO


def newest(folder: Path, count: int) -> list[Output]:
    """At most `count` outputs, newest first.

    Files that are no outputs, half-written ones, and sidecars that cannot be read are passed
    over. Raises OSError when the folder itself cannot be read.
    """
    with os.scandir(folder) as entries:
        names = {entry.name for entry in entries}
    stems = (
        name.removesuffix(SIDECAR)
        for name in names
        if name.endswith(SIDECAR) and is_stem(name.removesuffix(SIDECAR))
    )
    # Twice as many as wanted: some may turn out to be broken, and no folder is read to its end.
    found: list[Output] = []
    for stem in heapq.nlargest(2 * count, stems):
        if len(found) == count:
            break
        if stem + AUDIO in names and (record := _read(folder / (stem + SIDECAR))):
            found.append(Output(stem, record))
    return found


def _read(path: Path) -> OutputRecord | None:
    try:
        with path.open("rb") as file:
            return record_of(file.read(_SIDECAR_LIMIT))
    except (OSError, ValueError):
        return None
