"""Gateways, voice agents and Home Assistant as they are: their own packages, unmodified, in an
environment of their own, with their defaults but for the address. Takes a gigabyte of them.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.app.node_process import NodeProcess
from tests.ports import free_port
from tests.processes import wait_until

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]

_PACKAGES = ("litellm", "pipecat-ai[openai]", "livekit-agents", "livekit-plugins-openai")

_LITELLM = """
import json, sys
import litellm
found = litellm.speech(
    model="openai/tts-1", input="Hello from a gateway.", voice="alloy", api_base=sys.argv[1],
    api_key="none",
)
print(json.dumps({"bytes": len(found.content), "rate": None}))
"""

_LIVEKIT = """
import asyncio, json, sys
from livekit.agents.utils import http_context
from livekit.plugins import openai

async def main():
    async with http_context.open():
        speaker = openai.TTS(base_url=sys.argv[1], api_key="none")
        size = rate = 0
        async with speaker.synthesize("Hello from an agent.") as stream:
            async for event in stream:
                size, rate = size + 2 * len(event.frame.data), event.frame.sample_rate
        await speaker.aclose()
    print(json.dumps({"bytes": size, "rate": rate}))

asyncio.run(main())
"""

_PIPECAT = """
import asyncio, json, sys
from pipecat.frames.frames import EndFrame, ErrorFrame, TTSAudioRawFrame, TTSSpeakFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.runner import PipelineRunner
from pipecat.pipeline.task import PipelineTask
from pipecat.processors.frame_processor import FrameProcessor
from pipecat.services.openai.tts import OpenAITTSService

class Ear(FrameProcessor):
    size = rate = 0

    async def process_frame(self, frame, direction):
        await super().process_frame(frame, direction)
        if isinstance(frame, TTSAudioRawFrame):
            self.size, self.rate = self.size + len(frame.audio), frame.sample_rate
        assert not isinstance(frame, ErrorFrame), frame.error
        await self.push_frame(frame, direction)

async def main():
    ear = Ear()
    task = PipelineTask(Pipeline([OpenAITTSService(api_key="none", base_url=sys.argv[1]), ear]))
    await task.queue_frames([TTSSpeakFrame("Hello from a pipeline."), EndFrame()])
    await PipelineRunner(handle_sigint=False).run(task)
    print(json.dumps({"bytes": ear.size, "rate": ear.rate}))

asyncio.run(main())
"""

_HOME_ASSISTANT = """
import asyncio, json, sys
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.tts import Synthesize

async def main():
    size = rate = 0
    async with AsyncTcpClient("127.0.0.1", int(sys.argv[1])) as client:
        await client.write_event(Synthesize(text="The door is open.").event())
        while (event := await client.read_event()) and not AudioStop.is_type(event.type):
            if AudioStart.is_type(event.type):
                rate = AudioStart.from_event(event).rate
            elif AudioChunk.is_type(event.type):
                size += len(AudioChunk.from_event(event).audio)
    print(json.dumps({"bytes": size, "rate": rate}))

asyncio.run(main())
"""


class _Environment:
    """A virtual environment with some packages."""

    def __init__(self, folder: Path, python: str, *packages: str) -> None:
        self._folder = folder
        subprocess.run([python, "-m", "venv", folder / "venv"], check=True)
        self.python = str(folder / "venv" / "bin" / "python")
        pip = [self.python, "-m", "pip", "install", "-q", *packages]
        done = subprocess.run(pip, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-3000:]

    def heard(self, script: str, place: str) -> dict[str, int | None]:
        """The bytes of sound that a client got there, and their samples a second."""
        done = subprocess.run(
            [self.python, "-c", script, place],
            cwd=self._folder,
            # Its list of prices, which it would fetch.
            env={**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True"},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        found: dict[str, int | None] = json.loads(done.stdout.splitlines()[-1])
        return found


@pytest.fixture(scope="module")
def agents(tmp_path_factory: pytest.TempPathFactory) -> _Environment:
    return _Environment(tmp_path_factory.mktemp("agents"), sys.executable, *_PACKAGES)


@pytest.mark.parametrize(
    ("script", "rate"),
    [(_LITELLM, None), (_LIVEKIT, 24_000), (_PIPECAT, 24_000)],
    ids=["litellm", "livekit", "pipecat"],
)
def test_an_agent_speaks(
    node: NodeProcess, agents: _Environment, script: str, rate: int | None
) -> None:
    found = agents.heard(script, f"{node.url}/v1")
    assert found["rate"] == rate
    assert (found["bytes"] or 0) > (48_000 if rate else 5_000)


def _runs(python: str) -> bool:
    return shutil.which(python) is not None and subprocess.run([python, "-V"]).returncode == 0


def test_home_assistant_speaks_by_a_bridge(node: NodeProcess, tmp_path: Path) -> None:
    python = next(filter(_runs, ("python3.13", "python3.12")), None)
    if python is None:
        pytest.skip("wyoming-openai wants Python 3.12 or newer, which is not here")
    place = _Environment(tmp_path, python, "wyoming-openai")
    port = free_port()
    words = ["--uri", f"tcp://127.0.0.1:{port}", "--languages", "en"]
    words += [
        "--tts-openai-url",
        f"{node.url}/v1",
        "--tts-models",
        "tts-1",
        "--tts-voices",
        "alloy",
    ]
    log = tmp_path / "log"
    with (
        log.open("w") as file,
        subprocess.Popen(
            [place.python, "-m", "wyoming_openai", *words], stdout=file, stderr=file, cwd=tmp_path
        ) as bridge,
    ):
        try:
            wait_until(lambda: "Starting server" in log.read_text() or bridge.poll(), 60)
            assert bridge.poll() is None, log.read_text()
            found = place.heard(_HOME_ASSISTANT, str(port))
        finally:
            bridge.terminate()
    assert found["rate"] == 22_050 and (found["bytes"] or 0) > 20_000
