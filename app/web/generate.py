"""Generation of speech on the page, from the form to a sound, step by step."""

import asyncio
import base64
import logging
import secrets
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import gradio as gr

from ..access.ownership import Caller
from ..encoding.formats import encoded
from ..engines.interface import Capability, SynthesisRequest
from ..errors import SpeechError
from ..logs import REQUEST_ID
from ..middleware.access_log import new_request_id
from ..node import Node
from ..private_texts import keep_private
from ..sound.pcm import SAMPLE_BYTES
from ..speech import Speech
from ..workers.report import JobReport
from .event_caller import caller_of_event, check_known
from .form import FORMATS
from .form_values import FormValues
from .job_start import may_begin
from .queue_limit import arrived
from .views import status
from .views.result import result_html

# The page gets more sound at most this often (seconds).
_PACE = 0.25
# Base64 of a multiple of three bytes can be continued; a sample has two.
_BLOCK = 6
_log = logging.getLogger("app.page")

Shown = tuple[Any, Any, Any, Any]
"""New values of status, result, live sound and seed."""


class Generator:
    """Generator of what forms ask for, on one node."""

    def __init__(self, node: Node) -> None:
        self._service = node.service
        self._recordings = node.recordings
        self._queued = node.settings.enable_queue

    async def make(self, request: gr.Request, *fields: Any) -> AsyncGenerator[Shown, None]:
        """Yield what changes on the page; the last piece holds the result.

        Ended early (cancelled, or the reader has gone) it stops the work.
        """
        request_id = request.headers.get("x-request-id") or new_request_id()
        # The queue runs this in a task of its own, which the access log does not reach.
        REQUEST_ID.set(request_id)
        values = FormValues(*fields)
        keep_private(values.text or "", values.transcript or "", values.instruction or "")
        try:
            caller = caller_of_event(request)
            check_known(caller)
            await may_begin(request)
            steps = self._steps(values, caller, request_id, arrived(request))
            async with aclosing(steps):
                async for step in steps:
                    yield step
        except SpeechError as error:
            _log.warning("refused: %s", error.en, extra={"code": error.code})
            yield status.trouble_html(error, values.mode), gr.skip(), gr.skip(), gr.skip()
        except Exception:
            _log.exception("unexpected error")
            yield status.unexpected_html(request_id), gr.skip(), gr.skip(), gr.skip()

    async def _steps(
        self, values: FormValues, caller: Caller, request_id: str, came: float
    ) -> AsyncGenerator[Shown, None]:
        service = self._service
        began = time.monotonic()
        with self._recordings.desk() as desk:
            asked = await values.speech_request(desk)
            timed = Capability.WORD_TIMES in service.engine.capabilities
            wanted = await service.prepare(replace(asked, word_times=timed), caller)
        try:
            made = self._made(wanted, values, caller.owner, request_id, began, came)
            async with aclosing(made) as steps:
                async for step in steps:
                    yield step
        finally:
            # The recordings of a request that was given up before its first sound.
            service.clips.release(wanted)

    async def _made(
        self,
        wanted: SynthesisRequest,
        values: FormValues,
        owner: str,
        request_id: str,
        began: float,
        came: float,
    ) -> AsyncGenerator[Shown, None]:
        service = self._service
        rate = service.engine.sample_rate
        pcm = bytearray()
        live = _Live(rate) if wanted.stream else None
        yield status.progress_html(0), gr.skip(), "", wanted.seed
        told = time.monotonic()
        report = JobReport(request_id)
        speech = service.stream(
            wanted, request_id, has_waited=self._queued, arrived=came, report=report
        )
        async with aclosing(speech) as pieces:
            async for piece in pieces:
                pcm += piece
                if time.monotonic() - told < _PACE and (live is None or live.begun):
                    continue
                told = time.monotonic()
                heard = live.add(pcm) if live else gr.skip()
                made = len(pcm) / SAMPLE_BYTES / rate
                yield status.progress_html(made), gr.skip(), heard, gr.skip()
        done = Speech(
            wanted, bytes(pcm), rate, time.monotonic() - began, tuple(report.words), report.lent_to
        )
        name = values.file_format if values.file_format in FORMATS else FORMATS[0]
        audio = await asyncio.to_thread(encoded, name, done.pcm, rate)
        output = await service.keep(done, request_id, owner=owner, audio=audio, file_format=name)
        _log.info("spoken", extra=_facts(done))
        heard = live.end(pcm) if live else gr.skip()
        result = result_html(output, done, service.engine)
        yield status.note_html("finished"), result, heard, gr.skip()


class _Live:
    """The growing value ``scripts/live.js`` plays. Gradio sends only what was added to it."""

    def __init__(self, rate: int) -> None:
        self._value = f"{secrets.token_hex(4)}:{rate}:"
        self._sent = 0

    @property
    def begun(self) -> bool:
        """True if there is a first piece: nothing may delay it."""
        return self._sent > 0

    def add(self, pcm: bytearray) -> str:
        """The value with what is new in ``pcm``."""
        return self._upto(pcm, len(pcm) - (len(pcm) - self._sent) % _BLOCK)

    def end(self, pcm: bytearray) -> str:
        """The value with all of ``pcm``."""
        return self._upto(pcm, len(pcm))

    def _upto(self, pcm: bytearray, end: int) -> str:
        self._value += base64.b64encode(pcm[self._sent : end]).decode()
        self._sent = end
        return self._value


def _facts(speech: Speech) -> dict[str, object]:
    request = speech.request
    return {
        "mode": request.mode.value,
        "characters": len(request.text),
        "voice": request.voice,
        "speed": request.speed,
        "seed": request.seed,
        "audio_seconds": round(speech.duration, 3),
        "taken_seconds": round(speech.seconds_taken, 4),
    }
