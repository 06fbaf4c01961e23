"""The page: what to say and how on one side, what came of it on the other, all nodes' below."""

from typing import Any

import gradio as gr
from gradio.events import Dependency

from ..engines.interface import Capability, EngineInfo
from ..gpus.wasted import is_wasted
from ..node import Node
from ..speech import SpeechService
from . import endpoint, form, idle, queue_limit
from .event_caller import caller_of_event
from .form import Form
from .generate import Generator
from .history_events import HistoryEvents
from .layout import History, Studio, build_history, build_studio
from .live_validation import LiveValidator
from .views.history import dialog_html
from .views.page_parts import footer_html, heading_html
from .views.status import note_html
from .views.voices import save_html, voices_html
from .voice_choices import offer
from .words import WORDS, word

# One request and its answer each: they need no queue and no session.
_PLAIN: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}


def build(node: Node) -> gr.Blocks:
    """The page of a node."""
    service = node.service
    with gr.Blocks(title=WORDS["title"][1], analytics_enabled=False, fill_width=True) as page:
        form.html(heading_html(), elem_id="heading")
        with gr.Row(elem_id="studio", elem_classes="main"):
            studio = build_studio(node)
        history = build_history()
        form.html(dialog_html() + voices_html() + save_html(service.engine))
        robot = is_wasted(service.engine, node.settings)
        form.html(footer_html(node.settings, service.engine, robot=robot), elem_id="foot")
        endpoint.add(node)

        _on_the_spot(studio)
        validator = LiveValidator(service.engine.clips, node.recordings)
        _checking(validator, studio, service.engine)
        _speed_follows_streaming(studio.fields, service.engine)
        spoken = _making(node, studio)
        _offering(page, service, studio.fields)
        events = HistoryEvents(service.store, service.engine, node.recordings)
        again = _looking_back(page, events, spoken, studio.fields, history)
        restored = _kept_through_a_reload(studio.fields)
        for filled in (again, restored):
            for clip in studio.clips if service.engine.clips else ():
                filled.then(validator.hear, clip.field, clip.verdict, **_PLAIN)
    settings = node.settings
    page.queue(max_size=max(1, settings.effective_queue_size), api_open=not settings.enable_queue)
    idle.rest(page)
    blocks: gr.Blocks = page
    return blocks


def waiting(page: gr.Blocks) -> int:
    """Count the requests that wait in the page's queue (the others are with the workers)."""
    return len(page._queue)


def answering(page: gr.Blocks) -> int:
    """Count the requests that have left the page's queue and have not been answered yet."""
    queues = page._queue.event_queue_per_concurrency_id.values()
    return sum(int(queue.current_concurrency) for queue in queues)


def _on_the_spot(studio: Studio) -> None:
    """Connect the events that the browser handles alone."""
    fields = studio.fields
    studio.dice.click(None, None, fields.seed, js="() => window.studio.roll()")
    studio.dice.click(None, None, fields.locked, js="() => true")
    begun = [fields.text, fields.voice]
    studio.examples.select(None, fields.voice, begun, js="voice => window.studio.example(voice)")
    fields.mode.change(None, fields.mode, js="mode => window.studio.setMode(mode)")
    fields.text.change(None, fields.text, js="text => window.studio.count(text)")


def _checking(validator: LiveValidator, studio: Studio, engine: EngineInfo) -> None:
    """Connect the checks that the node makes before anything is asked of it."""
    if {Capability.PINYIN, Capability.PHONEMES} & engine.capabilities:
        _checking_marks(validator, studio)
    for clip in studio.clips if engine.clips else ():
        heard = [clip.field.upload, clip.field.clear]
        gr.on(heard, validator.hear, clip.field, clip.verdict, trigger_mode="always_last", **_PLAIN)


def _checking_marks(validator: LiveValidator, studio: Studio) -> None:
    """Connect the check of annotations: after a pause in typing, which scripts/marks.js waits
    for."""
    text, marks = studio.fields.text, studio.marks
    # Drawn, so that a script can press it.
    check = gr.Button(elem_id="check", visible="hidden")
    text.change(None, None, js="() => window.studio.marks.typed()")
    checked = check.click(
        validator.read,
        text,
        marks,
        js="() => window.studio.marks.ask()",
        trigger_mode="always_last",
        **_PLAIN,
    )
    checked.success(None, js="() => window.studio.marks.told()")
    checked.failure(None, js="() => window.studio.marks.failed()")


def _speed_follows_streaming(fields: Form, engine: EngineInfo) -> None:
    """Disable the slider, with a reason, where the engine has one speed while streaming."""
    if Capability.STREAMING not in engine.capabilities or form.speed_is_free(
        engine, streaming=True
    ):
        return

    def allow(streaming: bool) -> dict[str, object]:
        if streaming:
            return gr.update(interactive=False, value=1.0, info=word("speed_streaming"))
        return gr.update(interactive=True, info=None)

    fields.stream.change(allow, fields.stream, fields.speed, **_PLAIN)


def _making(node: Node, studio: Studio) -> Dependency:
    fields, outcome = studio.fields, studio.outcome
    begin = [outcome.generate.click, fields.text.submit]
    # Steps reach the page through Gradio's queue only. Without the node's own line nobody waits
    # in this one: all go straight to the workers, who take one and refuse the rest.
    limit = node.settings.slots if node.settings.enable_queue else None
    inputs = fields.inputs()
    # Drawn, so that a script can press it: when nothing that is needed is missing.
    speak = gr.Button(elem_id="speak", visible="hidden")
    gr.on(begin, None, inputs, None, js="(...values) => window.studio.begin(...values)")
    spoken: Dependency = speak.click(
        Generator(node).make,
        inputs,
        [outcome.status, outcome.result, outcome.live, fields.seed],
        show_progress_on=outcome.status,
        api_visibility="private",
        concurrency_limit=limit,
        concurrency_id=queue_limit.GROUP,
    )
    for ended in (spoken.then, spoken.failure):
        ended(None, js="() => window.studio.end()")
    outcome.cancel.click(
        lambda: note_html("cancelled"),
        None,
        outcome.status,
        cancels=[spoken],
        js="() => window.studio.cancelled()",
        **_PLAIN,
    )
    return spoken


def _offering(page: gr.Blocks, service: SpeechService, fields: Form) -> None:
    """Offer the voices that the reader may use: at first, and whenever scripts/voices.js asks for
    it, which then chooses one."""
    fields_of_voices = [fields.mode, fields.voice, fields.saved_voice]
    # Drawn, so that a script can press it.
    again = gr.Button(elem_id="offer-voices", visible="hidden")
    offering: Dependency | None = None
    if service.engine.clips:

        async def usable(request: gr.Request) -> tuple[dict[str, Any], dict[str, Any]]:
            return await offer(service, caller_of_event(request))

        voices = [fields.voice, fields.saved_voice]
        page.load(usable, None, voices, **_PLAIN)
        offering = again.click(usable, None, voices, **_PLAIN)
    offered = offering.then if offering else again.click
    offered(
        None,
        fields_of_voices,
        fields_of_voices,
        js="(...values) => window.studio.offered(...values)",
    )


def _whose(request: gr.Request) -> dict[str, object]:
    """Let who may see what others made choose whose the list shows."""
    return gr.update(visible=caller_of_event(request).sees_others or "hidden")


def _kept_through_a_reload(fields: Form) -> Dependency:
    """Store the typed fields for the page's scripts, and restore them."""
    inputs = fields.inputs()
    # Drawn, so that a script can press them.
    keep = gr.Button(elem_id="keep", visible="hidden")
    restore = gr.Button(elem_id="restore", visible="hidden")
    keep.click(None, inputs, None, js="(...values) => window.studio.keep(...values)")
    restored: Dependency = restore.click(
        None, inputs, inputs, js="(...values) => window.studio.restored(...values)"
    )
    restored.then(None, js="() => window.studio.resumed()")
    return restored


def _looking_back(
    page: gr.Blocks, events: HistoryEvents, spoken: Dependency, fields: Form, history: History
) -> Dependency:
    looks: list[Any] = [
        spoken.success,
        history.refresh.click,
        history.query.submit,
        history.query.change,
        history.whose.change,
        page.load,
    ]
    asked = [history.query, history.whose]
    for event in looks:
        event(events.look, asked, history.items, trigger_mode="always_last", **_PLAIN)
    page.load(_whose, None, history.whose, **_PLAIN)
    history.items.expand(events.look_further, asked, history.items, **_PLAIN)
    history.items.delete(events.delete, asked, [history.note, history.items], **_PLAIN)
    filled = [
        history.note,
        fields.mode,
        fields.text,
        fields.voice,
        fields.saved_voice,
        fields.reference,
        fields.transcript,
        fields.source,
        fields.instruction,
        fields.speed,
        fields.seed,
        fields.locked,
        fields.stream,
        fields.file_format,
    ]
    again: Dependency = history.items.retry(events.again, None, filled, **_PLAIN)
    again.then(None, js="() => window.studio.showForm()")
    return again
