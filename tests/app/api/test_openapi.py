"""Promises of /openapi.json, tried on a real node with thousands of right and wrong requests."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from app.outputs.names import is_stem, parse_audio_name
from tests.app.conftest import running_mimic
from tests.app.voices.test_voices import left_over

# A text may be right in form and hold nothing to speak, a voice may not exist: refusing them is
# right.
_NOT_MEANT = "positive_data_acceptance"


@pytest.mark.long
def test_every_answer_is_as_described(tmp_path: Path) -> None:
    """Schemathesis's own program: its examples, edge cases, random requests and sequences."""
    with running_mimic(tmp_path) as node:
        command = [
            *(sys.executable, "-m", "schemathesis.cli", "run", f"{node.url}/openapi.json"),
            *("--max-examples", "50", "--seed", "1", "--exclude-checks", _NOT_MEANT),
            *("--request-timeout", "30", "--no-color"),
        ]
        clean = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
        ran = subprocess.run(
            command, cwd=tmp_path, env=clean, capture_output=True, text=True, timeout=280
        )
        assert ran.returncode == 0, ran.stdout[-8000:] + ran.stderr[-2000:]
        counted = re.search(r"(\d+) generated, \1 passed", ran.stdout)
        assert counted and int(counted[1]) > 300, ran.stdout[-2000:]
        assert node.get("/readyz").status_code == 200
        # What was to be saved is saved, and nothing else is anywhere.
        node.wait_until(lambda: all(is_meant(path) for path in left_over(node)), 30)


def is_meant(path: str) -> bool:
    name = Path(path).name
    # A book that was asked for is being made.
    if "books" in Path(path).parts:
        return True
    return parse_audio_name(name) is not None or is_stem(name.removesuffix(".json"))
