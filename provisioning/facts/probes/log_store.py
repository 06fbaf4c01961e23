"""Look at a log host's folder and at its port.

Argument: ``{"folder": str, "outputs": str, "address": str, "port": int}``. Prints ``{"problem":
str, "bytes": int, "free": int, "size": int, "oldest": str | null, "heard": {node: seconds},
"outputs": {name: {"problem": str, "since": seconds, "refused": int}}}``: why the port does not
answer (empty where it does), what all lines take, the file system's bytes, the oldest hour, the
seconds since each node was heard of, and what is said of outputs that were tried.
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


def look(folder: str, outputs: str, address: str, port: int) -> dict[str, object]:
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
        "outputs": {
            file.stem: told for file in Path(outputs).glob("*.json") if (told := said(file))
        },
    }


def said(file: Path) -> dict[str, object]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        since = found["since"]
        return {
            "problem": str(found["problem"]),
            "since": 0.0 if since is None else max(0.0, time.time() - since),
            "refused": int(found["refused"]),
        }
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def problem(address: str, port: int) -> str:
    try:
        with socket.create_connection((address, port), 5):
            return ""
    except OSError as error:
        return error.strerror or str(error) or "no answer"


if __name__ == "__main__":
    main()
