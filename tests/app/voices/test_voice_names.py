"""Names of voices beside their ids."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.engines.espeak_voices import VOICES
from app.engines.interface import EngineInfo, Voice
from app.engines.kokoro import voices as kokoro
from app.sound.clip import ClipLimits
from app.voices.openai_names import OPENAI_VOICES, stand_in
from app.voices.record import RegisteredVoice, new_id
from app.voices.voice_names import VoiceNames

ENGINE = EngineInfo(
    name="test",
    title="Test",
    sample_rate=24000,
    voices=tuple(known.voice for known in VOICES),
    capabilities=frozenset(),
    warm_up_text="a",
)
CLIPS_ONLY = replace(
    ENGINE,
    voices=(),
    clips=ClipLimits(shortest=1, longest=30, lowest_rate=16000, sample_rate=24000),
)


def registered(language: str, name: str = "x") -> RegisteredVoice:
    return RegisteredVoice(
        id=new_id(),
        name=name,
        language=language,
        transcript="",
        created=datetime(2026, 1, 1, tzinfo=UTC),
        node="rs1",
        duration=3,
    )


def voice_of(
    names: VoiceNames, name: str, engine: EngineInfo, *shelf: RegisteredVoice, text: str = "你好"
) -> str:
    async def listed() -> list[RegisteredVoice]:
        return list(shelf)

    return asyncio.run(names.voice_of(name, text, engine, listed))


def test_every_name_is_a_voice_of_the_language_and_no_other_region() -> None:
    for language, tag in (("zh", "zh-CN"), ("en", "en-US"), ("de", "de-DE")):
        found = {stand_in(name, language, ENGINE.voices).language for name in OPENAI_VOICES}
        assert found == {tag}


def test_a_namesake_comes_first() -> None:
    assert stand_in("alloy", "en", kokoro.VOICES).id == "af_alloy"
    assert stand_in("fable", "en", kokoro.VOICES).id == "bm_fable"
    assert stand_in("fable", "zh", kokoro.VOICES).language == "zh-CN"


def test_a_language_that_no_voice_has_takes_one_that_tells_none() -> None:
    spanish, unknown = Voice("a", "", "", "es-ES"), Voice("b", "", "", "")
    assert stand_in("alloy", "fi", [spanish, unknown]) is unknown
    assert stand_in("alloy", "fi", [spanish]) is spanish


def test_what_the_operator_maps_wins_over_openai_but_not_over_the_engine() -> None:
    names = VoiceNames({"alloy": "ko", "小红": "yue", "cmn": "ru"})
    assert voice_of(names, "alloy", ENGINE) == "ko"
    assert voice_of(names, "小红", ENGINE) == "yue"
    assert voice_of(names, "cmn", ENGINE) == "cmn"
    assert voice_of(names, "nobody", ENGINE) == "nobody"
    assert voice_of(names, "echo", ENGINE) in {"cmn", "cmn-female"}


def test_registered_voices_stand_in_where_the_engine_has_none() -> None:
    english, chinese, silent = registered("en-US"), registered("zh"), registered("")
    shelf = (english, chinese, silent)
    names = VoiceNames()
    for name in OPENAI_VOICES:
        assert voice_of(names, name, CLIPS_ONLY, *shelf) == chinese.id
        told = voice_of(names, name, CLIPS_ONLY, *shelf, text="Good morning, how are you?")
        assert told == english.id
    assert voice_of(names, "alloy", CLIPS_ONLY) == "alloy"


@pytest.mark.parametrize("name", ["alloy", "cmn", "mine"])
def test_only_names_that_have_to_be_sent_give_way_to_a_recording(name: str) -> None:
    names = VoiceNames({"mine": "cmn"})
    assert names.is_stand_in(name, ENGINE) == (name == "alloy")
