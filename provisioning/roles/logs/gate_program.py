"""Has rsyslogd wait while a log host's disk is full.

It is put on the log host as it is, and runs there under Debian's own Python, below rsyslogd, which
asks it before it writes a line (omprog, confirmMessages). rsyslogd itself takes lines that it
cannot write for written, so their senders would forget them (omfile, as of 8.2302).
"""

from __future__ import annotations

import os
import sys
import time

FREE = 0.01
"""Share of the file system that has to be free: a line may be large, and several are written at
once. The keeper begins to make room long before."""
PATIENCE = 2.0
"""Seconds before rsyslogd is told: it asks again, and must not take this for dead."""


def main() -> None:
    folder = sys.argv[1]
    tell("OK")
    for _ in sys.stdin.buffer:
        end = time.monotonic() + PATIENCE
        while full(folder) and time.monotonic() < end:
            time.sleep(0.1)
        tell("full" if full(folder) else "OK")


def full(folder: str) -> bool:
    disk = os.statvfs(folder)
    return disk.f_bavail < FREE * disk.f_blocks


def tell(word: str) -> None:
    os.write(1, f"{word}\n".encode())


if __name__ == "__main__":
    main()
