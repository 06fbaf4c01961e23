"""Names between nodes, as every build has them: two builds stand side by side during an upgrade.

What stands here was recorded with a build from before the package had its present name. Whoever
changes one of these breaks lending with the nodes that are not upgraded yet.
"""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import cast

from fastapi import FastAPI
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from app.engines.interface import Mode, SynthesisRequest
from app.errors import DeadlineError
from app.lending import credentials, message
from app.lending.broker import Broker
from app.lending.ledger import Ending, Ledger
from app.lending.message import Kind
from app.lending.peer_client import HttpPeerClient
from app.lending.routes import routes
from app.session_routing.buffering import again, read
from app.session_routing.peers.peer import Peer
from app.session_routing.peers.signatures import Signatures
from app.sound.clip import Clip
from app.speech import SpeechService
from app.workers.frames import Frame
from app.workers.job import Job
from tests.app.loopback import served

KIND = Kind("release-1", "faulty")
SECRET = b"0123456789abcdef"
JOB = {
    "kind": "speak",
    "request_id": "request-1",
    "request": {
        "text": "你好",
        "voice": "tone",
        "speed": 1.5,
        "seed": 7,
        "mode": "clone",
        "reference": {"path": ".", "digest": "0" * 64, "transcript": "词", "voice": "voice_1"},
        "source": None,
        "instruction": "四川话",
        "stream": False,
    },
    "limit": 60.0,
    "release": "release-1",
    "engine": "faulty",
}


def _frame(fields: Mapping[str, object], payload: bytes = b"") -> bytes:
    header = json.dumps(fields).encode()
    lengths = len(header).to_bytes(4, "big") + len(payload).to_bytes(4, "big")
    return lengths + header + payload


def test_a_job_travels_as_it_did(tmp_path: Path) -> None:
    path = tmp_path / "clip.wav"
    path.write_bytes(b"RIFF")
    clip = Clip(path, "0" * 64, "词", "voice_1")
    request = SynthesisRequest("你好", "tone", 1.5, 7, Mode.CLONE, clip, None, "四川话")
    sent = _frame({"kind": "clip", "of": "reference"}, b"RIFF") + _frame(JOB)
    assert message.written(Job("request-1", request), KIND, 60.0) == sent
    assert message.read(sent).job.request.instruction == "四川话"


def test_an_error_travels_as_it_did() -> None:
    sent = {"kind": "failed", "type": "DeadlineError", "code": "deadline", "en": "late", "zh": "迟"}
    assert message.failure(DeadlineError("deadline", "late", "迟")).encoded() == _frame(sent)
    found = message.error_of(Frame("failed", {key: sent[key] for key in sent if key != "kind"}))
    assert (type(found), found.zh) == (DeadlineError, "迟")


def test_questions_are_asked_and_answered_as_they_were() -> None:
    assert (credentials.PATH, credentials.HEADER) == ("/_lending/", "x-lending")
    broker = SimpleNamespace(heard=lambda name, age: 2, offered=lambda name, age: (True, 3.5))
    app = FastAPI()
    service = cast(SpeechService, SimpleNamespace())
    signatures = Signatures(SECRET, "rs1")
    app.include_router(routes(service, cast(Broker, broker), Ledger(), signatures, KIND))
    seen: list[tuple[str, str, object]] = []

    async def keeping(scope: Scope, receive: Receive, send: Send) -> None:
        body, _ = await read(receive, 1 << 20)
        assert b"x-lending" in dict(scope["headers"])
        seen.append((scope["method"], scope["path"], json.loads(body)))
        await app(scope, again(body, receive), send)

    with served(keeping) as url:
        assert asyncio.run(_asked_of(url)) == (2, (True, 3.5))
    own = {"release": "release-1", "engine": "faulty"}
    # The first is sent twice: it learns the other node's clock.
    assert seen[1:] == [
        ("POST", "/_lending/waiting", own | {"age": 1.5}),
        ("POST", "/_lending/offer", own | {"next_best": None}),
    ]


def test_answers_have_the_keys_they_had() -> None:
    answers = {
        "/_lending/waiting": {"idle": 2},
        "/_lending/offer": {"comes": True, "age": 3.5},
    }
    asked: list[str] = []

    async def answering(scope: Scope, receive: Receive, send: Send) -> None:
        asked.append(scope["path"])
        await JSONResponse(answers[scope["path"]])(scope, receive, send)

    with served(answering) as url:
        assert asyncio.run(_asked_of(url)) == (2, (True, 3.5))
    assert asked == [*answers]


async def _asked_of(url: str) -> tuple[int, tuple[bool, float | None]]:
    client = HttpPeerClient(Signatures(SECRET, "rs2"), KIND, Ledger())
    peer = Peer("rs1", url)
    try:
        return await client.waiting(peer, 1.5), await client.offer(peer, None)
    finally:
        await client.close()


def test_endings_are_labels_of_metrics_and_keys_of_the_status() -> None:
    assert [*Ending] == ["done", "not_taken", "lost", "failed", "cancelled"]
