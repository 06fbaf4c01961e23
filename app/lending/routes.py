"""Routes for other nodes under ``/_lending/``; 404 to everybody else."""

import asyncio
import contextlib
import json
import math
import secrets
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from starlette.types import Receive, Scope, Send

from ..errors import SpeechError, UnavailableError
from ..session_routing.peers.signatures import CLOCK, UNTIMELY, Signatures
from ..speech import SpeechService
from ..streaming import LiveAnswer, prefetch
from ..workers.frames import AUDIO_BYTES, Frame
from ..workers.job import Job
from ..workers.remote import LostError
from ..workers.report import JobReport
from ..workers.slot import Slot
from ..workers.word_frames import words_frame
from ..workers.worker import Worker
from . import credentials, message
from .broker import Broker
from .ledger import Ending, Ledger
from .message import Kind

BODY_LIMIT = 16 << 20
"""Bytes of a job: two clips of the longest kind and the longest text."""
_ALIVE = 1.0
_QUESTION_LIMIT = 4096
_WORDS = 1000
"""Words of a frame, at most."""


def routes(
    service: SpeechService, broker: Broker, ledger: Ledger, signatures: Signatures, kind: Kind
) -> APIRouter:
    """Build the routes for peers: ``waiting``, ``offer``, ``spare``, ``job``."""
    router = APIRouter(prefix=credentials.PATH.rstrip("/"), include_in_schema=False)

    async def asked(request: Request, what: str) -> tuple[str, dict[str, Any]]:
        name, body = await _from_peer(request, signatures, what, _QUESTION_LIMIT)
        try:
            said = json.loads(body)
            same = Kind(said["release"], said["engine"]) == kind
        except (ValueError, KeyError, TypeError) as error:
            raise HTTPException(400, f"not a question: {error}") from error
        if not same:
            # It is told of nothing, and nothing is noted of it.
            raise HTTPException(409, "another release or engine")
        return name, said

    @router.post("/waiting")
    async def waiting(request: Request) -> JSONResponse:
        name, said = await asked(request, "waiting")
        return JSONResponse({"idle": broker.heard(name, _age(said, "age"))})

    @router.post("/offer")
    async def offer(request: Request) -> JSONResponse:
        name, said = await asked(request, "offer")
        comes, age = broker.offered(name, _age(said, "next_best"))
        return JSONResponse({"comes": comes, "age": age})

    @router.post("/spare")
    async def spare(request: Request) -> JSONResponse:
        name, _ = await asked(request, "spare")
        return JSONResponse({"spare": broker.spare_for(name)})

    @router.post("/job")
    async def job(request: Request) -> Response:
        name, body = await _from_peer(request, signatures, "job", BODY_LIMIT)
        try:
            lent = message.read(body)
        except ValueError as error:
            raise HTTPException(400, str(error)) from error
        voice = lent.job.request.voice
        if lent.kind != kind or (voice and service.engine.voice(voice) is None):
            raise HTTPException(409, "another release or engine, or no such voice")
        return _JobAnswer(service, broker, ledger, name, lent)

    return router


class _JobAnswer(Response):
    """A job of another node: its sound, or 409 where no slot is free at this moment."""

    def __init__(
        self,
        service: SpeechService,
        broker: Broker,
        ledger: Ledger,
        sender: str,
        lent: message.LentJob,
    ) -> None:
        super().__init__()
        self._service = service
        self._broker = broker
        self._ledger = ledger
        self._sender = sender
        self._lent = lent
        self._begun = False
        self._report = JobReport(lent.job.request_id)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the answer; see the ASGI specification."""
        files: dict[str, Path] = {}
        try:
            for name, wav in self._lent.clips.items():
                files[name] = self._service.clips.folder / f"lent-{secrets.token_hex(8)}.wav"
                await asyncio.to_thread(files[name].write_bytes, wav)
            await self._on_a_slot(message.with_files(self._lent.job, files), scope, receive, send)
        finally:
            for path in files.values():
                path.unlink(missing_ok=True)

    async def _on_a_slot(self, job: Job, scope: Scope, receive: Receive, send: Send) -> None:
        slot = self._broker.slot_for(self._sender, patient=job.patient)
        if slot is None:
            await PlainTextResponse("no slot is free", 409)(scope, receive, send)
            return
        worker = slot.worker
        try:
            made = self._made(job, slot, worker)
            answer = LiveAnswer(self._frames(made), "application/octet-stream", {})
            await answer(scope, receive, send)
        finally:
            if not self._begun:
                self._service.pool.queue.give_back(slot, worker)

    async def _made(
        self, job: Job, slot: Slot, worker: Worker | None
    ) -> AsyncGenerator[bytes, None]:
        made = self._service.pool.borrowed(slot, worker, job, self._lent.limit, self._report)
        async with contextlib.aclosing(made) as speech:
            self._begun = True
            async for pcm in speech:
                yield pcm

    async def _frames(self, made: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
        ending = Ending.CANCELLED
        try:
            try:
                async with contextlib.aclosing(_with_signs_of_life(made)) as frames:
                    async for frame in frames:
                        yield frame.encoded()
                        for words in self._new_words():
                            yield words.encoded()
                for words in self._new_words():
                    yield words.encoded()
            except (LostError, UnavailableError) as error:
                ending, last = Ending.LOST, Frame("lost", {"message": str(error)})
            except SpeechError as error:
                ending, last = Ending.FAILED, message.failure(error)
            else:
                ending, last = Ending.DONE, Frame("done", {})
            yield last.encoded()
        finally:
            self._ledger.borrowed[ending] += 1

    def _new_words(self) -> Iterator[Frame]:
        words, self._report.words = self._report.words, []
        for start in range(0, len(words), _WORDS):
            yield words_frame(words[start : start + _WORDS])


async def _with_signs_of_life(pieces: AsyncGenerator[bytes, None]) -> AsyncGenerator[Frame, None]:
    """The pieces, and every second without one a frame that says that work continues."""
    async with contextlib.aclosing(prefetch(pieces)) as made:
        while True:
            piece = asyncio.ensure_future(anext(made, None))
            try:
                while not (await asyncio.wait({piece}, timeout=_ALIVE))[0]:
                    yield Frame("alive", {})
            finally:
                if piece.cancel():
                    await asyncio.wait({piece})
            if (pcm := piece.result()) is None:
                return
            for start in range(0, len(pcm), AUDIO_BYTES):
                yield Frame("audio", {}, pcm[start : start + AUDIO_BYTES])


async def _from_peer(
    request: Request, signatures: Signatures, what: str, limit: int
) -> tuple[str, bytes]:
    """Authenticate the sender of a request and read its body. Raises HTTPException."""
    header = request.headers.get(credentials.HEADER)
    if header is None:
        raise HTTPException(404)
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > limit:
            raise HTTPException(413)
    given = credentials.read(signatures, header, what, bytes(body))
    if given is None:
        raise HTTPException(404)
    if not given.timely:
        clock = {CLOCK: signatures.shown(given)}
        raise HTTPException(UNTIMELY, "this signature is not timely", headers=clock)
    return given.sender, bytes(body)


def _age(said: dict[str, Any], name: str) -> float | None:
    """Seconds. Raises HTTPException."""
    value = said.get(name)
    if value is None:
        return None
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < math.inf:
        raise HTTPException(400, f"{name} is {value!r}")
    return float(value)
