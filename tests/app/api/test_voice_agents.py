"""Gateways, voice agents and Home Assistant, unmodified, speak with a node."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.app.api.voice_agents import AGENTS, PACKAGES, Environment
from tests.app.node_process import NodeProcess
from tests.ports import free_port
from tests.processes import wait_until

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]

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


@pytest.fixture(scope="module")
def agents(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    return Environment(tmp_path_factory.mktemp("agents"), sys.executable, *PACKAGES)


@pytest.mark.parametrize("agent", AGENTS)
def test_an_agent_speaks(node: NodeProcess, agents: Environment, agent: str) -> None:
    script, rate = AGENTS[agent]
    found = agents.heard(script, f"{node.url}/v1")
    assert found["rate"] == rate
    assert (found["bytes"] or 0) > (48_000 if rate else 5_000)


def _runs(python: str) -> bool:
    return shutil.which(python) is not None and subprocess.run([python, "-V"]).returncode == 0


def test_home_assistant_speaks_by_a_bridge(node: NodeProcess, tmp_path: Path) -> None:
    python = next(filter(_runs, ("python3.13", "python3.12")), None)
    if python is None:
        pytest.skip("wyoming-openai wants Python 3.12 or newer, which is not here")
    place = Environment(tmp_path, python, "wyoming-openai")
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
