"""The page's parts in their places, as Gradio draws them."""

from dataclasses import dataclass

import gradio as gr

from ..access.ownership import ALL, MINE
from ..engines.interface import Mode
from ..node import Node
from . import form, modes
from .form import ClipBox, Form
from .views.examples import examples_html
from .views.page_parts import LIVE, counter_html, more_html, who_sees_html
from .views.voices import browse_html
from .words import both, word

_CONNECT = "window.studio.connectHistory(element, trigger)"
_EXAMPLES = "window.studio.connectExamples(element, trigger)"
_FEED = "watch('value', () => window.studio.live.feed(props.value))"


@dataclass(frozen=True, slots=True)
class Outcome:
    """Fields that a press of the button fills, and the buttons."""

    generate: gr.Button
    cancel: gr.Button
    status: gr.HTML
    live: gr.HTML
    result: gr.HTML


@dataclass(frozen=True, slots=True)
class Studio:
    """Fields of the request, and the messages about it."""

    fields: Form
    examples: gr.HTML
    dice: gr.Button
    marks: gr.HTML
    clips: tuple[ClipBox, ClipBox]
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class History:
    """The history."""

    query: gr.Textbox
    whose: gr.Radio
    refresh: gr.Button
    note: gr.HTML
    items: gr.HTML


def build_studio(node: Node) -> Studio:
    """The form, the button and the place of the result, in the row that is open."""
    service, engine = node.service, node.service.engine
    spoken = modes.classes(*modes.TEXT_MODES)
    with gr.Column(elem_id="main", min_width=280):
        with gr.Column(elem_id="compose", elem_classes="card"):
            mode = form.mode_box(engine)
            form.mode_hints(engine)
            text = form.text_box()
            form.html(
                counter_html(engine, service.limits.text), elem_id="counter", elem_classes=spoken
            )
            marks = form.html("", elem_id="marks", elem_classes=["quiet-when-empty", *spoken])
            examples = form.html(
                examples_html(engine),
                js_on_load=_EXAMPLES,
                elem_id="examples",
                elem_classes=spoken,
            )
            voice = form.voice_box(engine)
            source = form.clip_box("source", engine, Mode.CONVERT)
            saved_voice = form.saved_voice_box()
            form.html(browse_html(), elem_id="browse")
            reference = form.clip_box("reference", engine, *modes.CLIP_MODES)
            transcript = form.transcript_box(engine)
            instruction = form.instruction_box(engine)
        outcome = _outcome(node)
    with gr.Column(elem_id="settings", elem_classes="card", min_width=260):
        form.html(f"<h2>{both('settings')}</h2>")
        speed = form.speed_box(engine)
        form.html(more_html(engine))
        # Hidden by the style sheet, not by Gradio: what is filled in from elsewhere reaches it.
        with gr.Column(elem_id="more"):
            seed, dice, locked = form.seed_boxes(engine)
            file_format = form.format_box()
            stream = form.stream_box(engine)
    fields = Form(
        mode=mode,
        text=text,
        voice=voice,
        saved_voice=saved_voice,
        reference=reference.field,
        transcript=transcript,
        source=source.field,
        instruction=instruction,
        speed=speed,
        seed=seed,
        locked=locked,
        stream=stream,
        file_format=file_format,
    )
    return Studio(fields, examples, dice, marks, (reference, source), outcome)


def _outcome(node: Node) -> Outcome:
    # Not in the card: on a small screen it stays in reach beside whatever is filled in.
    with gr.Row(elem_id="actions"):
        generate = gr.Button(word("generate"), variant="primary", elem_id="generate")
        cancel = gr.Button(word("cancel"), elem_id="cancel")
    with gr.Column(elem_id="outcome", elem_classes="card"):
        keys = node.settings.api_keys_file is not None
        form.html(who_sees_html(node.service.rules, keys=keys), elem_id="who-sees")
        # The pane is filled by scripts/progress.js until the node has taken the request.
        form.html('<div id="pending"></div>', elem_classes="quiet-when-empty")
        return Outcome(
            generate=generate,
            cancel=cancel,
            status=form.html("", elem_id="status", elem_classes="quiet-when-empty"),
            live=form.html(
                "", html_template=LIVE, js_on_load=_FEED, elem_id="live", elem_classes="quiet"
            ),
            result=form.html("", elem_id="result"),
        )


def build_history() -> History:
    """The history, still empty."""
    with gr.Row(elem_id="history-head"):
        form.html(f'<h2>{both("history")}</h2><p class="hint">{both("history_hint")}</p>')
        query = gr.Textbox(
            placeholder=word("search_hint"),
            label=word("search"),
            container=False,
            elem_id="search",
        )
        whose = gr.Radio(
            [(word("whose_all"), ALL), (word("whose_mine"), MINE)],
            value=ALL,
            label=word("whose"),
            container=False,
            visible="hidden",
            elem_id="whose",
        )
        refresh = gr.Button(word("refresh"), size="sm", elem_id="refresh")
    note = form.html("", elem_id="history-note", elem_classes="quiet-when-empty")
    items = form.html("", js_on_load=_CONNECT, elem_id="history")
    return History(query, whose, refresh, note, items)
