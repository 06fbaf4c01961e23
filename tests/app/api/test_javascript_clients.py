"""OpenAI's client for Node and Vercel's AI SDK, unmodified and with their defaults, against a real
node."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests import javascript
from tests.app.api.test_openai_client import seconds_of
from tests.app.node_process import NodeProcess

TEXT = "Hello, how are you?"


def run(script: str, node: NodeProcess, file: Path) -> dict[str, Any]:
    """What a script told of the sound that it has written to ``file``."""
    done = subprocess.run(
        [javascript.NODE, str(javascript.HERE / script), node.url, str(file), TEXT],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


@pytest.mark.skipif(
    not javascript.has("openai"), reason="no Node or no openai here; scripts/test installs them"
)
def test_openai_for_node(node: NodeProcess, tmp_path: Path) -> None:
    told = run("openai.mjs", node, tmp_path / "speech")
    assert told == {"mediaType": "audio/mpeg"}
    assert 0.8 < seconds_of((tmp_path / "speech").read_bytes()) < 4


@pytest.mark.long
@pytest.mark.skipif(not javascript.has("ai"), reason="no ai here; scripts/test -m long installs it")
def test_vercel_ai_sdk(node: NodeProcess, tmp_path: Path) -> None:
    told = run("vercel.mjs", node, tmp_path / "speech")
    assert told == {"mediaType": "audio/mpeg", "warnings": []}
    assert 0.8 < seconds_of((tmp_path / "speech").read_bytes()) < 4
