"""Outputs by the thousand, with texts that can be searched for."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from app.outputs.names import new_stem
from app.outputs.partitions import partition_of
from app.outputs.record import OutputRecord

_APART = timedelta(seconds=2)
_TEXT = "您好，您的快递已经到达小区门口，请及时领取。" * 4
_RECORD = OutputRecord("", "", "espeak", "", 4.0, "", "cmn", 1.0, 42)


def make(folder: Path, count: int, *, partitioned: bool) -> None:
    """Outputs 0 to `count` - 1, the last of them the newest and just made."""
    for number in range(count):
        put(folder, number, count, partitioned=partitioned)


def put(folder: Path, number: int, count: int, *, partitioned: bool) -> None:
    """An output without sound whose text has `n<number>x` in it, the one of `count` just made."""
    created = datetime.now(UTC) - _APART * max(0, count - number)
    node = f"rs{number % 3}"
    stem = new_stem(created, node)
    record = replace(
        _RECORD,
        request_id=f"request-{number:032d}",
        node=node,
        created=created.isoformat(),
        text=f"n{number}x {_TEXT}",
    )
    if partitioned:
        place = folder / partition_of(stem)
        if not place.exists():
            place.mkdir(parents=True)
            # As a node tells of it.
            folder.touch()
        folder = place
    (folder / f"{stem}.wav").touch()
    (folder / f"{stem}.json").write_bytes(record.to_json())
