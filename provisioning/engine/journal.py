"""A record of what was done, when and by whom, on the control machine.

One file per run, a JSON object a line, each flushed to disk as it is written, so that a run that
was cut at any moment has told all it did up to then.
"""

import contextlib
import json
import os
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any

from .state_folder import in_state_folder

Record = dict[str, Any]
_ID = re.compile(r"\d{8}T\d{6}\.\d{3}Z-[0-9a-f]{4}")


def new_id() -> str:
    """A run's id: its start in UTC and four random digits. Ids sort as their runs began, which the
    cluster's lock keeps apart by more than a millisecond."""
    now = datetime.now(UTC)
    return f"{now:%Y%m%dT%H%M%S}.{now.microsecond // 1000:03}Z-{secrets.token_hex(2)}"


class Journal:
    """The record of one run, open for writing."""

    def __init__(self, folder: Path, run_id: str) -> None:
        self._path = folder / f"{run_id}.jsonl"
        with in_state_folder(folder):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            # Diffs of configuration are in it: for its owner only.
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._file = os.fdopen(descriptor, "w", encoding="utf-8")
        self._lock = Lock()
        self.kinds: set[str] = set()
        """The kinds of what was written."""
        self.changed = 0
        """Hosts that were changed."""

    def write(self, kind: str, **fields: Any) -> None:
        """Adds a line: its kind, the time, and the fields. Raises ``StateFolderError``."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"kind": kind, "time": now, **fields}, ensure_ascii=False)
        with self._lock, in_state_folder(self._path):
            # A host's output may hold bytes that are no UTF-8; they stay visible as escapes.
            self._file.write(line.encode("utf-8", "backslashreplace").decode("utf-8") + "\n")
            self._file.flush()
            os.fsync(self._file.fileno())
            self.kinds.add(kind)
            self.changed += kind == "host" and fields.get("outcome") == "changed"

    def close(self) -> None:
        """Closes the file."""
        with contextlib.suppress(OSError):
            # A line that found no room is tried once more.
            self._file.close()


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run as the journal tells it."""

    id: str
    records: tuple[Record, ...]

    def first(self, kind: str) -> Record:
        """The first record of a kind, or an empty one."""
        return next((record for record in self.records if record["kind"] == kind), {})

    @property
    def result(self) -> str:
        """``ok``, ``failed``, ``refused`` (before any host was changed), ``interrupted``, ``cut``
        (no end was written)."""
        return str(self.first("end").get("result", "cut"))


def runs(folder: Path) -> Iterator[RunRecord]:
    """All runs, the latest first. Raises ``StateFolderError``."""
    with in_state_folder(folder):
        try:
            paths = sorted(folder.iterdir(), reverse=True)
        except FileNotFoundError:
            return
    for path in paths:
        if path.suffix == ".jsonl" and _ID.fullmatch(path.stem):
            yield read_run(folder, path.stem)


def read_run(folder: Path, run_id: str) -> RunRecord:
    """One run; raises ``KeyError`` where there is none of that id, ``StateFolderError``."""
    if not _ID.fullmatch(run_id):
        raise KeyError(run_id)
    path = folder / f"{run_id}.jsonl"
    with in_state_folder(path):
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except (FileNotFoundError, IsADirectoryError):
            raise KeyError(run_id) from None
    records = []
    for line in text.split("\n"):
        try:
            records.append(json.loads(line))
        except ValueError:
            break  # the line under way when the run was cut
    return RunRecord(run_id, tuple(records))
