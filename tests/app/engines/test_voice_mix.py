"""Mixtures of voices."""

from dataclasses import replace

import pytest

from app.checks.voice import check_voice
from app.engines.interface import Capability, EngineInfo
from app.engines.kokoro.voices import VOICES
from app.engines.voice_mix import Part, VoiceMixError, parts_of
from app.errors import InvalidInputError

MIXES = EngineInfo(
    name="mixer",
    title="",
    sample_rate=24000,
    voices=VOICES,
    capabilities=frozenset({Capability.VOICE_MIXING}),
    warm_up_text="a",
)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("af_bella(2)+af_sky(1)", [Part("af_bella", 2 / 3), Part("af_sky", 1 / 3)]),
        ("af_bella + af_sky (3)", [Part("af_bella", 0.25), Part("af_sky", 0.75)]),
        ("af_bella", [Part("af_bella", 1)]),
        ("af_bella(0.5)", [Part("af_bella", 1)]),
    ],
)
def test_parts_and_their_shares(text: str, parts: list[Part]) -> None:
    assert parts_of(text) == tuple(parts)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a+", "'' is no voice"),
        ("a(2", "'a(2' is no voice"),
        ("a(-1)", "is no voice"),
        ("a(0)+b", "weight of a is 0"),
        ("a(1.2.3)", "weight of a is 1.2.3"),
        ("a(1e3)", "is no voice"),
        ("a(101)", "up to 100"),
        ("+".join("abcdefghi"), "at most 8 voices, this one has 9"),
    ],
)
def test_what_is_no_mixture(text: str, said: str) -> None:
    with pytest.raises(VoiceMixError) as error:
        parts_of(text)
    assert said in error.value.en and error.value.zh


def test_a_mixture_reads_as_its_first_voice() -> None:
    mixture = MIXES.voice("bf_emma(1)+zf_xiaoxiao(3)")
    assert mixture is not None
    assert (mixture.id, mixture.language) == ("bf_emma(1)+zf_xiaoxiao(3)", "en-GB")
    check_voice(mixture.id, MIXES)


@pytest.mark.parametrize(
    ("engine", "voice", "code", "said"),
    [
        (MIXES, "af_bella+nobody", "voice_unknown", "no voice 'nobody'"),
        (MIXES, "af_bella+", "voice_mix_wrong", "is no voice of a mixture"),
        (
            replace(MIXES, capabilities=frozenset()),
            "af_bella+af_sky",
            "voice_mixing_not_supported",
            "name one",
        ),
        (MIXES, "nobody", "voice_unknown", "no voice 'nobody'"),
    ],
)
def test_what_cannot_be_spoken_in(engine: EngineInfo, voice: str, code: str, said: str) -> None:
    with pytest.raises(InvalidInputError) as error:
        check_voice(voice, engine)
    assert (error.value.code, error.value.field) == (code, "voice")
    assert said in error.value.en
