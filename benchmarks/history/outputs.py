"""Outputs by the thousand, with texts that can be searched for."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from app.outputs.names import new_stem
from app.outputs.record import OutputRecord

_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
_TEXT = "您好，您的快递已经到达小区门口，请及时领取。" * 4
_RECORD = OutputRecord("", "", "espeak", "", 4.0, "", "cmn", 1.0, 42)


def make(folder: Path, count: int) -> None:
    """Outputs 0 to `count` - 1, the last of them the newest."""
    for number in range(count):
        put(folder, number)


def put(folder: Path, number: int) -> None:
    """An output without sound whose text has `n<number>x` in it."""
    created = _BEGAN + timedelta(minutes=number)
    node = f"rs{number % 3}"
    stem = new_stem(created, node)
    record = replace(
        _RECORD,
        request_id=f"request-{number:032d}",
        node=node,
        created=created.isoformat(),
        text=f"n{number}x {_TEXT}",
    )
    (folder / f"{stem}.wav").touch()
    (folder / f"{stem}.json").write_bytes(record.to_json())
