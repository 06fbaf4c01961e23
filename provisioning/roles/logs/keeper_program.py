"""Removes what is old or too much from the folder of a log host, and packs what is complete.

It is put on the log host as it is, and runs there under Debian's own Python. A folder a node, a
file an hour (UTC), ``2026-01-31T08.jsonl``, which is packed (``.gz``) two hours later. The oldest
hours of all nodes go first. Where all that is left is this hour's and it is too much, its files are
emptied: rsyslogd has them open to append, and goes on at their beginning.
"""

from __future__ import annotations

import argparse
import gzip
import os
import shutil
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

# datetime.UTC is newer than some hosts' Python.
UTC = timezone.utc  # noqa: UP017
EVERY = 60.0
"""Seconds."""
FREE = 0.05
"""Share of the file system that stays free: what else is on the host has to go on."""
HOUR = "%Y-%m-%dT%H"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--days", type=int, required=True)
    parser.add_argument("--bytes", type=int, required=True)
    parser.add_argument("--once", action="store_true")
    asked = parser.parse_args()
    while True:
        try:
            tidy(asked.folder, asked.days, asked.bytes, datetime.now(UTC))
        except OSError as error:
            print(f"not tidied: {error}", file=sys.stderr, flush=True)
        if asked.once:
            return
        time.sleep(EVERY)


def tidy(folder: Path, days: int, most: int, now: datetime) -> None:
    """One turn."""
    oldest = (now - timedelta(days=days)).strftime(HOUR)
    packed = (now - timedelta(hours=2)).strftime(HOUR)
    for file in files(folder):
        if hour(file) < oldest:
            remove(file)
        elif hour(file) <= packed and file.suffix == ".jsonl":
            pack(file)
    shrink(folder, most, now.strftime(HOUR))
    for node in folder.iterdir():
        # No node's name begins with a dot; what waits for outputs does.
        if not node.name.startswith(".") and node.is_dir() and not any(node.iterdir()):
            node.rmdir()


def files(folder: Path) -> Iterator[Path]:
    """All of them, the oldest hour first."""
    found = (*folder.glob("*/*.jsonl"), *folder.glob("*/*.jsonl.gz"))
    return iter(sorted(found, key=lambda file: (hour(file), file)))


def hour(file: Path) -> str:
    return file.name.partition(".")[0]


def pack(file: Path) -> None:
    """At any moment one of both is there, whole."""
    status = file.stat()
    target, part = file.with_name(f"{file.name}.gz"), file.with_name(f"{file.name}.part")
    with file.open("rb") as source, open(part, "wb", opener=private) as raw:
        with gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=6, mtime=0, filename="") as to:
            shutil.copyfileobj(source, to)
        raw.flush()
        os.fchown(raw.fileno(), status.st_uid, status.st_gid)
        os.fchmod(raw.fileno(), status.st_mode & 0o777)
        os.utime(raw.fileno(), (status.st_mtime, status.st_mtime))
        os.fsync(raw.fileno())
    part.replace(target)
    file.unlink()


def private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def shrink(folder: Path, most: int, current: str) -> None:
    """Until all is at most ``most`` bytes, and enough of the disk is free."""
    left = {file: file.stat().st_size for file in files(folder)}
    total = sum(left.values())
    for file, size in left.items():
        disk = os.statvfs(folder)
        if total <= most and disk.f_bavail >= FREE * disk.f_blocks:
            return
        if hour(file) >= current:
            os.truncate(file, 0)
        else:
            remove(file)
        total -= size
        print(f"{file.parent.name} {hour(file)}: removed, there is too much", flush=True)


def remove(file: Path) -> None:
    file.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
