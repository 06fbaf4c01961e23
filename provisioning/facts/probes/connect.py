"""Outcomes of connections to other machines.

Argument: ``{"seconds": float, "wanted": [[address, port], ...]}``. Prints a list with a word for
each: ``open``, ``refused`` (the machine says that nobody listens), ``silent``, or the error.
"""

from __future__ import annotations

import errno
import json
import os
import select
import socket
import sys
import time
from typing import Any


def main() -> None:
    json.dump(connect(**json.loads(sys.argv[1])), sys.stdout)


def connect(seconds: float, wanted: list[Any]) -> list[str]:
    found = ["silent"] * len(wanted)
    waiting: dict[socket.socket, int] = {}
    for number, (address, port) in enumerate(wanted):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        one = socket.socket(family, socket.SOCK_STREAM)
        one.setblocking(False)
        code = one.connect_ex((address, port))
        if code in (0, errno.EINPROGRESS):
            waiting[one] = number
        else:
            found[number] = word(code)
    end = time.monotonic() + seconds
    while waiting and (left := end - time.monotonic()) > 0:
        for one in select.select([], list(waiting), [], left)[1]:
            found[waiting.pop(one)] = word(one.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
            one.close()
    return found


def word(code: int) -> str:
    if code == 0:
        return "open"
    return "refused" if code == errno.ECONNREFUSED else os.strerror(code).lower()


if __name__ == "__main__":
    main()
