"""Notes where a process connects to, when `CONNECTIONS_LOG` names a file."""

import os
import sys
from typing import Any

_PATH = os.environ.get("CONNECTIONS_LOG")


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    if event in ("socket.connect", "socket.getaddrinfo"):
        place = arguments[1] if event == "socket.connect" else arguments[0]
        with open(_PATH or os.devnull, "a", encoding="utf-8") as file:  # noqa: PTH123
            file.write(f"{event} {place!r}\n")


if _PATH:
    sys.addaudithook(_note)
