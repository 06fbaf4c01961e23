"""Look at a log host's folder and at its port.

Argument: ``{"folder": str, "address": str, "port": int}``. Prints ``{"problem": str, "bytes": int,
"free": int, "size": int, "oldest": str | null, "heard": {node: seconds}}``: why the port does not
answer (empty where it does), what all lines take, the file system's bytes, the oldest hour, and the
seconds since each node was heard of.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from pathlib import Path


def main() -> None:
    json.dump(look(**json.loads(sys.argv[1])), sys.stdout)


def look(folder: str, address: str, port: int) -> dict[str, object]:
    heard: dict[str, float] = {}
    oldest, total, now = None, 0, time.time()
    for file in Path(folder).glob("*/*.jsonl*"):
        try:
            status = file.stat()
        except OSError:
            continue
        total += status.st_size
        hour = file.name.partition(".")[0]
        oldest = hour if oldest is None else min(oldest, hour)
        age = max(0.0, now - status.st_mtime)
        heard[file.parent.name] = round(min(age, heard.get(file.parent.name, age)), 1)
    try:
        disk = os.statvfs(folder)
        free, size = disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize
    except OSError:
        free = size = 0
    return {
        "problem": problem(address, port),
        "bytes": total,
        "free": free,
        "size": size,
        "oldest": oldest,
        "heard": heard,
    }


def problem(address: str, port: int) -> str:
    try:
        with socket.create_connection((address, port), 5):
            return ""
    except OSError as error:
        return error.strerror or str(error) or "no answer"


if __name__ == "__main__":
    main()
