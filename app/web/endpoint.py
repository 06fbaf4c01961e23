"""``/synthesize``: the page's named endpoint, for Gradio's own clients. It has no place on the
page.

Programs without Gradio are better served by ``/v1/audio/speech``.
"""

import logging
from typing import Any

import gradio as gr
from gradio import FileData
from gradio.events import api

from ..errors import SpeechError
from ..logs import REQUEST_ID
from ..middleware.access_log import new_request_id
from ..node import Node
from ..private_texts import keep_private
from ..speech_request import SpeechRequest
from .event_caller import caller_of_event
from .job_start import may_begin
from .queue_limit import GROUP, arrived

_log = logging.getLogger("app.page")


def add(node: Node) -> None:
    """Add it to the page that is being built."""
    settings, service = node.settings, node.service

    async def synthesize(
        request: gr.Request,
        text: str,
        voice: str = "",
        speed: float = 1.0,
        seed: int = 42,
    ) -> tuple[FileData, dict[str, Any]]:
        request_id = request.headers.get("x-request-id") or new_request_id()
        REQUEST_ID.set(request_id)
        keep_private(text)
        try:
            await may_begin(request)
            caller = caller_of_event(request)
            ask = SpeechRequest(text, voice=voice, speed=speed, seed=seed)
            wanted = await service.prepare(ask, caller)
            speech = await service.speak(
                wanted,
                request_id,
                has_waited=settings.enable_queue,
                arrived=arrived(request),
            )
            output = await service.keep(speech, request_id, owner=caller.owner)
        except SpeechError as error:
            _log.warning("refused: %s", error.en, extra={"code": error.code})
            raise gr.Error(f"{error.zh}\n{error.en}", print_exception=False) from None
        except Exception:
            _log.exception("unexpected error")
            told = f"出错了，日志编号 {request_id}\nsomething went wrong; log id {request_id}"
            raise gr.Error(told, print_exception=False) from None
        _log.info("spoken", extra={"seed": wanted.seed, "audio_seconds": speech.duration})
        record = output.record
        facts = {"node": record.node, "seed": record.seed, "duration": record.duration}
        return FileData(path=str(output.path), orig_name=output.file_name), facts

    api(
        synthesize,
        api_name="synthesize",
        queue=settings.enable_queue,
        concurrency_limit=settings.slots,
        concurrency_id=GROUP,
    )
