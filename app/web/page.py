"""The page: text in, speech out, and what all nodes have made."""

import logging

import gradio as gr

from app.ask import Ask
from app.errors import SpeechError
from app.logs import REQUEST_ID
from app.middleware.access import new_request_id
from app.node import Node
from app.speech import FASTEST, FIRST_SEED, LAST_SEED, SLOWEST, Speech
from app.web import labels
from app.web.footer import footer_html
from app.web.history_view import history_html, trouble_html
from app.web.result_view import result_html

SHOWN = 30
"""Outputs in the history."""
_DICE = f"() => {FIRST_SEED} + Math.floor(Math.random() * {LAST_SEED})"
_log = logging.getLogger("app.page")


def build(node: Node) -> gr.Blocks:
    """The page of a node."""
    settings, service = node.settings, node.service
    voices = [(f"{voice.name_zh} {voice.name_en}", voice.id) for voice in service.engine.voices]

    async def synthesize(
        text: str, voice: str, speed: float, seed: float | None, request: gr.Request
    ) -> tuple[str, str]:
        request_id = request.headers.get("x-request-id") or new_request_id()
        # The queue runs this in a task of its own, which the access log does not reach.
        REQUEST_ID.set(request_id)
        wanted_seed = None if seed is None else int(seed)
        try:
            wanted = await service.prepare(Ask(text, voice=voice, speed=speed, seed=wanted_seed))
            speech = await service.speak(wanted, request_id, has_waited=settings.enable_queue)
            output = await service.keep(speech, request_id)
        except SpeechError as error:
            _log.warning("refused: %s", error.en, extra={"code": error.code})
            raise _shown(error.zh, error.en) from None
        except Exception:
            _log.exception("unexpected error")
            raise _shown(
                f"出错了，日志编号 {request_id}", f"something went wrong; log id {request_id}"
            ) from None
        _log.info("spoken", extra=_facts(speech))
        return str(output.path), result_html(output.record, speech.seconds_taken)

    async def history() -> str:
        try:
            outputs = await service.store.newest(SHOWN)
        except SpeechError as error:
            return trouble_html(error.zh, error.en)
        return history_html(outputs, service.engine)

    with gr.Blocks(title=labels.TITLE, analytics_enabled=False) as page:
        gr.HTML(f"<h1>{labels.HEADING}</h1><p>{labels.LEDE}</p>", elem_id="heading")
        with gr.Row(elem_id="studio"):
            with gr.Column(scale=3, min_width=320):
                text_box = gr.Textbox(
                    label=labels.TEXT,
                    placeholder=labels.TEXT_HINT,
                    info=labels.text_limit(service.text_limit),
                    lines=7,
                    max_lines=16,
                    max_length=service.text_limit,
                    autofocus=True,
                    elem_id="text",
                )
                generate = gr.Button(
                    labels.GENERATE, variant="primary", size="lg", elem_id="generate"
                )
            with gr.Column(scale=2, min_width=280):
                voice_box = gr.Dropdown(
                    voices,
                    value=voices[0][1] if voices else None,
                    label=labels.VOICE,
                    elem_id="voice",
                )
                speed_box = gr.Slider(
                    SLOWEST, FASTEST, value=1.0, step=0.05, label=labels.SPEED, elem_id="speed"
                )
                with gr.Group(elem_id="seed-group"):
                    seed_box = gr.Number(
                        value=42,
                        precision=0,
                        minimum=FIRST_SEED,
                        maximum=LAST_SEED,
                        label=labels.SEED,
                        info=labels.SEED_HINT,
                        elem_id="seed",
                    )
                    dice = gr.Button(labels.DICE, size="sm", elem_id="dice")
        result = gr.Audio(
            label=labels.RESULT,
            type="filepath",
            interactive=False,
            buttons=["download"],
            waveform_options=gr.WaveformOptions(
                waveform_color="#94a3b8", waveform_progress_color="#0d9488"
            ),
            elem_id="result",
        )
        details = gr.HTML(label="details", elem_id="details")
        with gr.Row(elem_id="history-head"):
            gr.HTML(f"<h2>{labels.HISTORY}</h2><p>{labels.HISTORY_HINT}</p>")
            refresh = gr.Button(labels.REFRESH, size="sm", elem_id="refresh", scale=0)
        shelf = gr.HTML(elem_id="history")
        gr.HTML(footer_html(settings, service.engine), elem_id="foot")

        spoken = gr.on(
            [generate.click, text_box.submit],
            synthesize,
            [text_box, voice_box, speed_box, seed_box],
            [result, details],
            show_progress_on=result,
            api_name="synthesize",
            queue=settings.enable_queue,
            concurrency_limit=settings.slots,
        )
        # One request and its answer each: they need no queue and no session.
        for event in (spoken.success, refresh.click, page.load):
            event(
                history, None, shelf, queue=False, show_progress="hidden", api_visibility="private"
            )
        dice.click(None, None, seed_box, js=_DICE)
    page.queue(max_size=max(1, settings.places), api_open=not settings.enable_queue)
    blocks: gr.Blocks = page
    return blocks


def waiting(page: gr.Blocks) -> int:
    """How many requests wait in the page's queue (the others are with the workers)."""
    return len(page._queue)


def answering(page: gr.Blocks) -> int:
    """How many requests have left the page's queue and have not been answered yet."""
    queues = page._queue.event_queue_per_concurrency_id.values()
    return sum(int(queue.current_concurrency) for queue in queues)


def _shown(zh: str, en: str) -> gr.Error:
    return gr.Error(f"{zh}\n{en}", print_exception=False)


def _facts(speech: Speech) -> dict[str, object]:
    request = speech.request
    return {
        "characters": len(request.text),
        "voice": request.voice,
        "speed": request.speed,
        "seed": request.seed,
        "audio_seconds": round(speech.duration, 3),
        "taken_seconds": round(speech.seconds_taken, 4),
    }
