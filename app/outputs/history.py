"""The outputs of all nodes, newest first, read from their sidecars."""

import os
import threading
import time
import unicodedata
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

from app.outputs.names import SIDECAR, audio_name, is_stem
from app.outputs.record import OutputRecord, record_of

# A text of 100,000 characters fits; a foreign file of a gigabyte is not read.
_SIDECAR_LIMIT = 1 << 20
# Characters of text that are kept in memory, so that a search reads no sidecar twice.
_REMEMBERED = 8_000_000


@dataclass(frozen=True, slots=True)
class Output:
    """A finished output: its name without suffix, what is known of it, and where it is."""

    stem: str
    record: OutputRecord
    folder: Path
    spooled: bool = False
    """It waits on the node's own disk until the shared folder works again."""

    @property
    def file_name(self) -> str:
        """The audio's file name."""
        return audio_name(self.stem, self.record.format)

    @property
    def path(self) -> Path:
        """The audio's path on this node."""
        return self.folder / self.file_name


@dataclass(frozen=True, slots=True)
class Found:
    """A part of the history."""

    outputs: list[Output]
    """Newest first."""
    older: str
    """What to give as `before` for the next part; empty when there is nothing older. A search
    that took too long stops with few outputs, or none, and can be gone on with."""


class History:
    """Searches a folder. May be used by several threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._known: OrderedDict[str, OutputRecord] = OrderedDict()
        self._characters = 0

    def search(self, query: str, count: int, before: str, seconds: float) -> Found:
        """At most `count` outputs that match, older than the stem `before` (empty: the newest).

        Every word of the query must occur in the text, voice, node or seed, or begin the name or
        the request's id. Files that are no outputs, half-written ones, and sidecars that cannot be
        read are passed over. Stops after `seconds`. Raises OSError when the folder itself cannot
        be read.
        """
        end = time.monotonic() + seconds
        words = _plain(query).split()
        with os.scandir(self._folder) as entries:
            names = {entry.name for entry in entries}
        found: list[Output] = []
        last = ""
        for stem in _stems(names, before):
            if len(found) == count or (last and time.monotonic() > end):
                return Found(found, older=last)
            last = stem
            record = self._record(stem)
            if record is None or audio_name(stem, record.format) not in names:
                continue
            if not words or _matches(words, stem, record):
                found.append(Output(stem, record, self._folder))
        return Found(found, older="")

    def _record(self, stem: str) -> OutputRecord | None:
        with self._lock:
            if known := self._known.get(stem):
                self._known.move_to_end(stem)
                return known
        record = _read(self._folder / (stem + SIDECAR))
        if record is not None:
            self._remember(stem, record)
        return record

    def _remember(self, stem: str, record: OutputRecord) -> None:
        # A sidecar never changes, so what was read stays true; the audio's name is looked for.
        with self._lock:
            if stem not in self._known:
                self._known[stem] = record
                self._characters += _size(record)
            while self._characters > _REMEMBERED:
                _, forgotten = self._known.popitem(last=False)
                self._characters -= _size(forgotten)


def _stems(names: set[str], before: str) -> list[str]:
    stems = [
        name.removesuffix(SIDECAR)
        for name in names
        if name.endswith(SIDECAR) and is_stem(name.removesuffix(SIDECAR))
    ]
    return sorted((stem for stem in stems if not before or stem < before), reverse=True)


def _size(record: OutputRecord) -> int:
    # About a thousand for everything else that is known.
    return 1000 + len(record.text) + len(record.instruction) + len(record.reference_transcript)


def _plain(text: str) -> str:
    """Without the differences people do not search for: case, width, composition."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def _matches(words: list[str], stem: str, record: OutputRecord) -> bool:
    told = (record.text, record.voice, record.node, str(record.seed))
    searched = _plain("\n".join(told))
    # Their ends are random: a short number would be in some of them by chance.
    names = (_plain(stem), _plain(record.request_id))
    return all(word in searched or any(n.startswith(word) for n in names) for word in words)


def _read(path: Path) -> OutputRecord | None:
    try:
        with path.open("rb") as file:
            return record_of(file.read(_SIDECAR_LIMIT))
    except (OSError, ValueError):
        return None
