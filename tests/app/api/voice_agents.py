"""Gateways and voice agents as they are: their own packages, unmodified, in an environment of their
own, with their defaults but for the address. Takes a gigabyte of them.
"""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

PACKAGES = ("litellm", "pipecat-ai[openai]", "livekit-agents", "livekit-plugins-openai")

LITELLM = """
import json, sys
import litellm
found = litellm.speech(
    model="openai/tts-1", input="Hello from a gateway.", voice="alloy", api_base=sys.argv[1],
    api_key="none",
)
print(json.dumps({"bytes": len(found.content), "rate": None}))
"""

LIVEKIT = """
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

PIPECAT = """
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

AGENTS = {"litellm": (LITELLM, None), "livekit": (LIVEKIT, 24_000), "pipecat": (PIPECAT, 24_000)}
"""A program that speaks a sentence at the address it is given, and the rate that it is to hear."""


class Environment:
    """A virtual environment with some packages."""

    def __init__(self, folder: Path, python: str, *packages: str) -> None:
        self._folder = folder
        subprocess.run([python, "-m", "venv", folder / "venv"], check=True)
        self.python = str(folder / "venv" / "bin" / "python")
        pip = [self.python, "-m", "pip", "install", "-q", *packages]
        done = subprocess.run(pip, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-3000:]

    def heard(
        self, script: str, place: str, command: Callable[[list[str]], list[str]] = list
    ) -> dict[str, int | None]:
        """The bytes of sound that a client got there, and their samples a second. ``command`` has
        its words run elsewhere."""
        done = subprocess.run(
            command([self.python, "-c", script, place]),
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
