"""A voice as it is called."""

from html import escape

from app.engines.interface import EngineInfo
from app.web.words import both, said


def voice_name(voice_id: str, engine: EngineInfo) -> str:
    """Its name in both languages; its id where this engine does not know it, as happens with
    outputs of another engine or release."""
    if not voice_id:
        return both("reference")
    voice = engine.voice(voice_id)
    return said(voice.name_zh, voice.name_en) if voice else escape(voice_id)
