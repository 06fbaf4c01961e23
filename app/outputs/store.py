"""Finished audio in the shared folder: a WAV file and beside it a JSON file that tells of it.

Names sort by time, and no two nodes make the same. A file appears whole or not at all.
"""

import json
import os
import secrets
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of one output. Durations are in seconds."""

    file: str
    created: str
    """ISO 8601, UTC."""
    node: str
    engine: str
    voice: str
    speed: float
    seed: int
    text: str
    duration: float
    request_id: str


class Store:
    """The outputs folder."""

    def __init__(self, folder: Path, node: str) -> None:
        self.folder, self._node = folder, node

    def save(
        self,
        audio: bytes,
        *,
        engine: str,
        voice: str,
        speed: float,
        seed: int,
        text: str,
        duration: float,
        request_id: str,
    ) -> Path:
        """Writes an output and returns its path. Raises ``OSError`` when the folder does not
        take it; nothing half-written stays."""
        now = datetime.now(UTC)
        stem = (
            f"{now:%Y%m%dT%H%M%S}{now.microsecond // 1000:03d}Z-{self._node}-{secrets.token_hex(3)}"
        )
        record = Record(
            f"{stem}.wav",
            now.isoformat(timespec="milliseconds"),
            self._node,
            engine,
            voice,
            speed,
            seed,
            text,
            round(duration, 3),
            request_id,
        )
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / record.file
        _write(path, audio)
        # The sidecar comes last: what the history finds has its sound.
        text_of_record = json.dumps(asdict(record), ensure_ascii=False, indent=1)
        _write(path.with_suffix(".json"), text_of_record.encode())
        return path

    def latest(self, count: int) -> list[Record]:
        """The newest outputs of all nodes; files that are not outputs are passed over."""
        try:
            names = sorted((e.name for e in os.scandir(self.folder)), reverse=True)
        except OSError:
            return []
        found: list[Record] = []
        for name in names:
            if len(found) == count:
                break
            if name.endswith(".json") and (record := self._read(self.folder / name)):
                found.append(record)
        return found

    def _read(self, path: Path) -> Record | None:
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            record = Record(**{field.name: content[field.name] for field in fields(Record)})
        except (OSError, ValueError, KeyError, TypeError):
            return None
        # The name comes from a file others can write; it must stay in this folder.
        return record if Path(str(record.file)).name == record.file else None


def _write(path: Path, data: bytes) -> None:
    new = path.with_name(f".{path.name}.new")
    try:
        with new.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError:
        new.unlink(missing_ok=True)
        raise
