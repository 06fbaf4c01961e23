"""The voices a page offers: the engine's own, and those that somebody registered on any node."""

import logging
from typing import Any

import gradio as gr

from ..access.ownership import Caller
from ..engines.interface import EngineInfo, Mode
from ..errors import SpeechError
from ..speech import SpeechService
from ..voices.record import RegisteredVoice
from .words import voice_word, word

# What a registered voice without further words can be used for.
_CLONING = frozenset({Mode.CLONE, Mode.CROSS_LINGUAL})
_log = logging.getLogger("app.page")

Choices = list[tuple[Any, str]]


def own_voices(engine: EngineInfo) -> Choices:
    """The engine's voices, by their names in the reader's language."""
    return [(voice_word(voice), voice.id) for voice in engine.voices]


async def offer(service: SpeechService, caller: Caller) -> tuple[dict[str, Any], dict[str, Any]]:
    """New choices of the voices that need no recording, and of those in a recording's place: what
    the reader may use."""
    engine = service.engine
    try:
        registered = await service.voices_for(caller)
    except SpeechError as error:
        # The page works without them; the history tells of the folder.
        _log.warning("no registered voices: %s", error.en, extra={"code": error.code})
        return gr.skip(), gr.skip()
    named: Choices = [(_name(voice), voice.id) for voice in registered]
    usable = named if _CLONING & engine.modes else []
    instead: Choices = [(str(word("new_recording")), ""), *named]
    own: Choices = [(str(name), voice_id) for name, voice_id in own_voices(engine)]
    return gr.update(choices=[*own, *usable]), gr.update(choices=instead, visible=bool(named))


def _name(voice: RegisteredVoice) -> str:
    return f"{voice.name} · {voice.language}" if voice.language else voice.name
