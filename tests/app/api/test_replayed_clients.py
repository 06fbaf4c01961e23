"""Programs that cannot be installed beside a test: their requests, as their sources write them.

Each test names the repository, the commit and the file that it was read from.
"""

import base64
import json
from collections.abc import Mapping

import httpx
import openai
import pytest

from tests.app.api.test_openai_client import client_of, seconds_of
from tests.app.node_process import NodeProcess

KEY = {"Authorization": "Bearer sk-of-somebody"}
"""All of them send a key, as OpenAI wants one."""
TEXT = "The quick brown fox jumped over the lazy dog."


def spoken(node: NodeProcess, body: Mapping[str, object], **headers: str) -> httpx.Response:
    with node.client() as client:
        answer = client.post("/v1/audio/speech", json=body, headers=KEY | headers)
    assert answer.status_code == 200, answer.text
    return answer


@pytest.mark.parametrize("voice", ["alloy", "echo", "fable", "nova", "onyx", "shimmer"])
def test_n8n(node: NodeProcess, voice: str) -> None:
    """n8n-io/n8n at 411c57ae63606addfbcecc3001c1696a2e092a3b,
    packages/@n8n/nodes-langchain/nodes/vendors/OpenAi/v2/actions/audio/generate.operation.ts: its
    node for OpenAI has these voices and no other, and always sends all five fields."""
    body = {"model": "tts-1", "input": TEXT, "voice": voice, "response_format": "mp3", "speed": 1}
    answer = spoken(node, body)
    assert answer.headers["content-type"] == "audio/mpeg"
    assert 1 < seconds_of(answer.content) < 6
    assert answer.headers["x-voice"].startswith("en")


@pytest.mark.parametrize(("speed", "told"), [(0.25, "0.5"), (4, "2")])
def test_the_ends_of_n8n_s_slider(node: NodeProcess, speed: float, told: str) -> None:
    body = {"model": "tts-1-hd", "input": TEXT, "voice": "nova", "response_format": "opus"}
    answer = spoken(node, body | {"speed": speed})
    assert answer.headers["x-speed"] == told


def test_open_webui(node: NodeProcess) -> None:
    """open-webui/open-webui at feba5bfa2383ec45984f43c09e8d8de8d17567df: what its page sends
    (src/lib/apis/audio/index.ts), with the model of its settings and, where asked to, who its user
    is (``speech`` in backend/open_webui/routers/audio.py)."""
    text = "**Hello!** See https://example.com/docs 🙂"
    body = {"input": text, "voice": "alloy", "model": "tts-1"}
    person = {"X-OpenWebUI-User-Name": "Ann", "X-OpenWebUI-User-Email": "ann@example.com"}
    answer = spoken(node, body, **person)
    assert answer.headers["content-type"] == "audio/mpeg"
    assert answer.headers["x-normalized"] == "true"
    assert 1 < seconds_of(answer.content) < 8


def test_lists_of_open_webui(node: NodeProcess) -> None:
    """``get_available_voices`` and ``get_available_models`` of the same file: they send no key."""
    voices = {one["id"]: one["name"] for one in node.get("/v1/audio/voices").json()["voices"]}
    assert "en-us" in voices
    models = node.get("/v1/audio/models").json()["models"]
    chosen = {"input": TEXT, "voice": next(iter(voices)), "model": models[0]["id"]}
    assert spoken(node, chosen).content


@pytest.mark.parametrize("speed", [0.25, 1, 4])
def test_sillytavern(node: NodeProcess, speed: float) -> None:
    """SillyTavern/SillyTavern at 414e28b24c7ca7a48e8b625e942b4c126745307d,
    public/scripts/extensions/tts/openai-compatible.js (its defaults, and the ends of its slider),
    and src/endpoints/openai.js (``custom``): without a key the header has no more than "Bearer"."""
    body = {
        "input": TEXT,
        "response_format": "mp3",
        "voice": "shimmer",
        "speed": speed,
        "model": "tts-1",
    }
    answer = spoken(node, body, Authorization="Bearer")
    assert 1 < seconds_of(answer.content) < 12


def test_pipecat(node: NodeProcess) -> None:
    """pipecat-ai/pipecat at acead0507d7de44e216d24533964106ca1d1d044,
    src/pipecat/services/openai/tts.py (``run_tts``, with the defaults of ``Settings``): what comes
    is played as samples of 24,000 Hz."""
    with (
        client_of(node) as client,
        client.audio.speech.with_streaming_response.create(
            input=TEXT, model="gpt-4o-mini-tts", voice="alloy", response_format="pcm"
        ) as answer,
    ):
        samples = b"".join(answer.iter_bytes(4800))
    assert answer.status_code == 200
    seconds = float(node.speak(input=TEXT, voice="alloy").headers["x-audio-seconds"])
    assert len(samples) / 2 / 24_000 == pytest.approx(seconds, abs=0.02)


def test_livekit(node: NodeProcess) -> None:
    """livekit/agents at da6af86ac640a3bc54585764e64321d7048c1c16,
    livekit-plugins/livekit-plugins-openai/livekit/plugins/openai/tts.py (``ChunkedStream``): it
    reads events where the answer says so, and the sound in ``delta`` or ``audio``."""
    sound = b""
    with (
        client_of(node) as client,
        client.audio.speech.with_streaming_response.create(
            input=TEXT,
            model="gpt-4o-mini-tts",
            voice="ash",
            response_format="mp3",
            speed=1.0,
            instructions=openai.omit,
            stream_format="sse",
        ) as answer,
    ):
        assert answer.headers["content-type"].split(";")[0] == "text/event-stream"
        for line in answer.iter_lines():
            if line.startswith("data: ") and (event := json.loads(line[6:])):
                sound += base64.b64decode(event.get("delta", "") or event.get("audio", ""))
    assert event["type"] == "speech.audio.done"
    assert 1 < seconds_of(sound) < 6
