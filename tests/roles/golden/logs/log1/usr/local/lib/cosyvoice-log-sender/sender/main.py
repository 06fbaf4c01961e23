mode 0644 root:root
"""Sends what a log host keeps on to Elasticsearch, OpenSearch or Loki.

The files that are kept are the queue: each output has its place in them, and what it does not take
now is asked of it again. Lines that a server refuses for good, as it would whenever they came, are
counted and left out. An output's settings are in a file of JSON: ``{"type", "urls", "username",
"password", "ca", "cluster", "index", "daily", "tenant"}``; its place is in another, with
``{"problem", "since", "refused", "last_refused"}``, which ``cluster status`` reads.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
from pathlib import Path

from .elasticsearch import Elasticsearch
from .following import Following
from .lines import record
from .loki import Loki
from .output import Output
from .place import NotTakenError

EVERY = 1.0
"""Seconds between looks."""
PAUSES = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds after failures in a row."""
KINDS: dict[str, type[Output]] = {"elasticsearch": Elasticsearch, "loki": Loki}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="what is kept")
    parser.add_argument("places", type=Path, help="folder with the place of each output")
    parser.add_argument("settings", type=Path, nargs="+", help="files of settings")
    asked = parser.parse_args()
    for path in asked.settings:
        settings = json.loads(path.read_text(encoding="utf-8"))
        following = Following(asked.folder, asked.places / path.name)
        sending = Sending(path.stem, KINDS[settings["type"]](settings), following)
        threading.Thread(target=sending.forever).start()


class Sending:
    """One output."""

    def __init__(self, name: str, output: Output, following: Following) -> None:
        self._name, self._output, self._following = name, output, following
        self._problem, self._failures = "", 0
        self._told: tuple[str, int] | None = None

    def forever(self) -> None:
        while True:
            try:
                self.once()
            except OSError as error:
                self._say(f"the kept lines cannot be read: {error.strerror or error}")
                time.sleep(PAUSES[-1])
            time.sleep(EVERY)

    def once(self) -> None:
        """All that is new."""
        for piece in self._following.new():
            lines = [line for raw in piece if (line := record(raw)) is not None]
            while lines and not self._sent(lines):
                time.sleep(PAUSES[min(self._failures, len(PAUSES)) - 1])

    def _sent(self, lines: list[dict[str, object]]) -> bool:
        try:
            self._output.send(lines)
        except NotTakenError as error:
            self._failures += 1
            self._say(str(error))
            return False
        self._failures = 0
        self._say("")
        return True

    def _say(self, problem: str) -> None:
        output = self._output
        if self._told == (problem, output.refused):
            return
        if not problem or not self._problem:
            since = time.time() if problem else None
            self._following.said["since"] = since
        self._problem, self._told = problem, (problem, output.refused)
        self._following.said |= {
            "problem": problem,
            "refused": output.refused,
            "last_refused": output.last_refused,
        }
        self._following.keep()
        left_out = f"; {output.refused} lines left out, the last: {output.last_refused}"
        said = f"{problem or 'takes lines'}{left_out if output.refused else ''}"
        print(f"{self._name}: {said}", file=sys.stderr, flush=True)
