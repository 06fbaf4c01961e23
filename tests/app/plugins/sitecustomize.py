"""For nodes of tests: notes where a process connects to, when `CONNECTIONS_LOG` names a file, and
sets its clock by what `CLOCK_FILE` says, in seconds beyond the machine's. `DESCRIPTORS` is how many
it may have, `usual:most`."""

import os
import resource
import sys
import time
from typing import Any

_PATH = os.environ.get("CONNECTIONS_LOG")
_CLOCK = os.environ.get("CLOCK_FILE")
_DESCRIPTORS = os.environ.get("DESCRIPTORS")
_machine_time = time.time


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    if event in ("socket.connect", "socket.getaddrinfo"):
        place = arguments[1] if event == "socket.connect" else arguments[0]
        with open(_PATH or os.devnull, "a", encoding="utf-8") as file:  # noqa: PTH123
            file.write(f"{event} {place!r}\n")


def _set_time() -> float:
    with open(_CLOCK or os.devnull, encoding="ascii") as file:  # noqa: PTH123
        return _machine_time() + float(file.read() or 0)


if _PATH:
    sys.addaudithook(_note)
if _DESCRIPTORS:
    usual, most = (int(part) for part in _DESCRIPTORS.split(":"))
    resource.setrlimit(resource.RLIMIT_NOFILE, (usual, most))
if _CLOCK:
    time.time = _set_time
