"""The fields a person fills in."""

from dataclasses import dataclass, fields
from typing import Any

import gradio as gr
from gradio.components import Component

from ..engines.interface import Capability, EngineInfo, Mode
from ..speech import FASTEST, SLOWEST
from . import modes
from .views.choices import chips_html, languages_html
from .views.clip import clip_template
from .voice_choices import own_voices
from .words import both, word

FORMATS = ("wav", "mp3", "flac", "opus")
"""Formats an output can be kept in: those that every browser plays. Names of ``app.encoding``'s."""
_FEW = 12
"""So many voices are found by looking; more need a search."""


@dataclass(frozen=True, slots=True)
class Form:
    """All fields, also those that this engine has no use for: they are not drawn."""

    mode: gr.Radio
    text: gr.Textbox
    voice: gr.Dropdown
    saved_voice: gr.Dropdown
    reference: gr.HTML
    transcript: gr.Textbox
    source: gr.HTML
    instruction: gr.Textbox
    speed: gr.Slider
    seed: gr.Number
    locked: gr.Checkbox
    stream: gr.Checkbox
    file_format: gr.Radio

    def inputs(self) -> list[Component]:
        """The fields in the order of ``FormValues``."""
        return [getattr(self, field.name) for field in fields(self)]


def html(value: str, **details: Any) -> gr.HTML:
    """A part the page draws itself, in the page's own style."""
    return gr.HTML(value, apply_default_css=False, **details)


def mode_box(engine: EngineInfo) -> gr.Radio:
    """The modes of the engine as a row of segments."""
    offered = modes.offered(engine)
    return gr.Radio(
        [(word(mode.value), mode.value) for mode in offered],
        value=offered[0].value,
        label=word("mode"),
        visible=len(offered) > 1,
        elem_id="mode",
        container=False,
    )


def mode_hints(engine: EngineInfo) -> None:
    """A sentence about each mode."""
    for mode in modes.offered(engine):
        html(f'<p class="hint">{both(f"{mode.value}_hint")}</p>', elem_classes=modes.classes(mode))


def text_box() -> gr.Textbox:
    """The text to speak. Its length is counted, not cut: a text pasted whole stays whole."""
    return gr.Textbox(
        label=word("text"),
        placeholder=word("text_hint"),
        lines=4,
        max_lines=16,
        elem_id="text",
        elem_classes=modes.classes(*modes.TEXT_MODES),
    )


def voice_box(engine: EngineInfo) -> gr.Dropdown:
    """The voices that need no recording."""
    default = engine.default_voice
    box = gr.Dropdown(
        own_voices(engine),
        value=default.id if default else None,
        label=word("voice"),
        filterable=len(engine.voices) > _FEW,
        visible=Mode.PRESET in engine.modes,
        elem_id="voice",
        elem_classes=modes.classes(Mode.PRESET),
    )
    return _leave_to_the_service(box)


def saved_voice_box() -> gr.Dropdown:
    """Registered voices instead of a recording; drawn when there are any."""
    box = gr.Dropdown(
        [(word("new_recording"), "")],
        value="",
        label=word("saved_voice"),
        filterable=False,
        visible=False,
        elem_id="saved-voice",
        elem_classes=modes.classes(*modes.CLIP_MODES),
    )
    return _leave_to_the_service(box)


def _leave_to_the_service(box: gr.Dropdown) -> gr.Dropdown:
    """Let the service refuse an unknown voice, in two languages: registered voices come and go
    while the page is open, and another node may know one that this one has not offered.

    On the object: for a class of its own Gradio writes a stub file beside this one.
    """
    setattr(box, "preprocess", lambda payload: payload)  # noqa: B010 - a method, to mypy
    return box


@dataclass(frozen=True, slots=True)
class ClipBox:
    """A field for a recording, and the result of its check."""

    field: gr.HTML
    """Its value is the path of an upload."""
    verdict: gr.HTML


def clip_box(label: str, engine: EngineInfo, *in_modes: Mode) -> ClipBox:
    """A recording, uploaded or made here."""
    offered = any(mode in engine.modes for mode in in_modes)
    shown = modes.classes(*in_modes)
    field = gr.HTML(
        "",
        html_template=clip_template(label, engine.clips),
        js_on_load="window.studio.connectClip(element, props, trigger, upload, watch)",
        apply_default_css=False,
        visible=offered,
        elem_id=label,
        elem_classes=shown,
    )
    verdict = gr.HTML(
        apply_default_css=False,
        visible=offered,
        elem_id=f"{label}-verdict",
        elem_classes=[*shown, "quiet-when-empty"],
    )
    return ClipBox(field, verdict)


def transcript_box(engine: EngineInfo) -> gr.Textbox:
    """The words of the reference recording."""
    return gr.Textbox(
        label=word("transcript"),
        placeholder=word("transcript_hint"),
        lines=2,
        max_lines=4,
        visible=Mode.CLONE in engine.modes,
        elem_id="transcript",
        elem_classes=modes.classes(Mode.CLONE),
    )


def instruction_box(engine: EngineInfo) -> gr.Textbox:
    """Instruction in free words, with chips that write the usual ones."""
    box = gr.Textbox(
        label=word("instruction"),
        placeholder=word("instruction_hint"),
        lines=1,
        max_lines=3,
        visible=Mode.INSTRUCT in engine.modes,
        elem_id="instruction",
        elem_classes=modes.classes(Mode.INSTRUCT),
    )
    if Mode.INSTRUCT in engine.modes:
        html(chips_html(engine), elem_classes=modes.classes(Mode.INSTRUCT))
    if engine.languages:
        html(languages_html(engine), elem_classes=modes.classes(Mode.CROSS_LINGUAL))
    return box


def speed_box(engine: EngineInfo) -> gr.Slider:
    """Slider of the speed."""
    return gr.Slider(
        SLOWEST,
        FASTEST,
        value=1.0,
        step=0.05,
        label=word("speed"),
        buttons=[],
        visible=Capability.SPEED in engine.capabilities,
        elem_id="speed",
    )


def speed_is_free(engine: EngineInfo, *, streaming: bool) -> bool:
    """Tell whether the speed can be chosen: some engines have only one while streaming."""
    return not streaming or Capability.SPEED_WHILE_STREAMING in engine.capabilities


def seed_boxes(engine: EngineInfo) -> tuple[gr.Number, gr.Button, gr.Checkbox]:
    """The seed, its dice, and whether it stays. The service says what is out of range."""
    with gr.Group(elem_id="seed-group", visible=Capability.SEED in engine.capabilities):
        seed = gr.Number(
            value=42, precision=0, label=word("seed"), info=word("seed_info"), elem_id="seed"
        )
        with gr.Row(elem_id="seed-tools"):
            dice = gr.Button(word("dice"), size="sm", elem_id="dice", min_width=80)
            locked = gr.Checkbox(
                False, label=word("lock"), elem_id="lock", container=False, min_width=80
            )
    return seed, dice, locked


def stream_box(engine: EngineInfo) -> gr.Checkbox:
    """Checkbox to play it while it is made; at first only where that costs no choice of speed."""
    able = Capability.STREAMING in engine.capabilities
    return gr.Checkbox(
        able and speed_is_free(engine, streaming=True),
        label=word("stream"),
        visible=able,
        elem_id="stream",
        container=False,
    )


def format_box() -> gr.Radio:
    """Format in which the audio is kept and downloaded."""
    return gr.Radio(
        [(name.upper(), name) for name in FORMATS],
        value=FORMATS[0],
        label=word("format"),
        elem_id="format",
    )
