"""Recordings go with the job."""

import base64
from pathlib import Path

import httpx
import pytest

from tests.app.audio.sounds import speech_like, write
from tests.app.lending.cluster import cluster, maker


@pytest.mark.long
def test_a_recording_is_heard_on_the_other_node(tmp_path: Path) -> None:
    recording = write(tmp_path / "参考.wav", speech_like(3.0, 16000), 16000).read_bytes()
    asked: dict[str, object] = {
        "model": "tts-1",
        "input": "你好",
        "reference": base64.b64encode(recording).decode(),
        "reference_text": "词",
        "response_format": "wav",
        "stream": False,
        "seed": 5,
    }
    keys = tmp_path / "keys"
    keys.touch(0o600)
    keys.write_text("office:a-key-of-its-own\n")
    with (
        cluster(tmp_path, ("rs1", "rs2"), "mimic", "--api-keys-file", str(keys)) as nodes,
        nodes.nodes["rs1"].client() as client,
    ):
        # Nodes need no key of each other.
        client.headers["Authorization"] = "Bearer a-key-of-its-own"

        def speak() -> httpx.Response:
            return client.post("/v1/audio/speech", json=asked)

        here = speak()
        assert maker(here) == "rs1"
        with nodes.stunned("rs1"):
            busy = nodes.clients.submit(speak)
            nodes.nodes["rs1"].wait_until(lambda: nodes.running("rs1") == 1)
            there = speak()
            assert maker(there) == "rs2"
        assert there.content == here.content == busy.result().content
        assert len(here.content) > 2 * 16000 * 2
