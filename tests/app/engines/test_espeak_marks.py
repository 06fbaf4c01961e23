"""eSpeak NG says what the marks say."""

import numpy as np
import pytest

from app.annotations.syllables import FINALS, INITIALS, Syllable, exists
from app.engines.espeak import EspeakEngine, _library_files, plugin
from app.engines.espeak_library import Library
from app.engines.espeak_marks import _mnemonics, spoken
from app.engines.espeak_voices import VOICES
from app.engines.interface import CannotSpeakError, Capability, SynthesisRequest
from app.sound.samples import Samples

FILES = _library_files()
VOICE = {voice.voice.id: voice for voice in VOICES}


@pytest.fixture(scope="module")
def engine() -> EspeakEngine:
    return plugin.load()


def speak(engine: EspeakEngine, text: str, voice: str) -> Samples:
    return np.concatenate(list(engine.synthesize(SynthesisRequest(text, voice, 1.0, 1))))


def likeness(one: Samples, other: Samples) -> float:
    """Correlation of two sounds' loudness over time, 1 for equal ones."""
    length = min(len(one), len(other)) // 220 * 220
    a, b = (np.sqrt((x[:length].reshape(-1, 220) ** 2).mean(axis=1)) for x in (one, other))
    return float(np.corrcoef(a, b)[0, 1])


def test_what_it_can_is_declared() -> None:
    told = plugin.describe().capabilities
    assert {Capability.PINYIN, Capability.PHONEMES, Capability.STREAMING} <= told
    assert Capability.EVENTS not in told


@pytest.mark.parametrize(
    ("marked", "written"), [("[h][ào]", "号"), ("[h][ǎo]", "好"), ("[zh][ōng]", "中")]
)
def test_a_pinyin_mark_sounds_as_its_character(
    engine: EspeakEngine, marked: str, written: str
) -> None:
    marked_sound, written_sound = speak(engine, marked, "cmn"), speak(engine, written, "cmn")
    assert abs(len(marked_sound) - len(written_sound)) < 0.1 * len(written_sound)
    assert likeness(marked_sound, written_sound) > 0.95


def test_the_tone_is_heard(engine: EspeakEngine) -> None:
    sounds = [speak(engine, f"[m]{final}", "cmn") for final in ("[ā]", "[á]", "[ǎ]", "[à]", "[a]")]
    assert len({sound.tobytes() for sound in sounds}) == 5


def test_a_mark_within_a_sentence_says_its_reading(engine: EspeakEngine) -> None:
    as_hao4, as_hao3 = (speak(engine, f"他爱{mark}奇", "cmn") for mark in ("[h][ào]", "[h][ǎo]"))
    plain = speak(engine, "他爱好奇", "cmn")
    assert as_hao4.tobytes() != as_hao3.tobytes()
    assert 0.8 < len(as_hao4) / len(plain) < 1.3


def test_every_syllable_has_mandarin_sounds() -> None:
    """What eSpeak does not know as pinyin it spells out as English letters."""
    syllables = [
        Syllable(initial, final, tone)
        for initial in ("", *sorted(INITIALS))
        for final, tone in FINALS.values()
        if tone in (1, 4) and exists(initial, final)
    ]
    with Library(FILES) as library:
        library.configure("cmn-latn-pinyin", 1.0, 1)
        known = {
            syllable: library.mnemonics(syllable.numbered.replace("ü", "v"))
            for syllable in syllables
        }
    strange = {syllable for syllable, mnemonics in known.items() if "(en)" in mnemonics}
    for syllable in strange:
        assert syllable.final == "iong"
        assert _mnemonics(syllable, FILES).endswith(("j'ong55_|", "j'ong51_|"))


@pytest.mark.parametrize("voice", ["en-us", "en-gb"])
@pytest.mark.parametrize(
    ("marked", "word"),
    [
        ("[M][IH1][N][AH0][T]", "minute"),
        ("[CH][ER1][CH]", "church"),
        ("[V][AO1][IH0][S]", "voice"),
        ("[TH][IH1][NG]", "thing"),
    ],
)
def test_phonemes_sound_as_their_word(
    engine: EspeakEngine, voice: str, marked: str, word: str
) -> None:
    marked_sound, word_sound = speak(engine, marked, voice), speak(engine, word, voice)
    assert abs(len(marked_sound) - len(word_sound)) < 0.3 * len(word_sound)
    assert likeness(marked_sound, word_sound) > 0.6


def test_another_reading_is_heard(engine: EspeakEngine) -> None:
    noun = speak(engine, "a [M][IH1][N][AH0][T] change", "en-us")
    adjective = speak(engine, "a [M][AY0][N][UW1][T] change", "en-us")
    assert noun.tobytes() != adjective.tobytes()


def test_phonemes_are_said_in_chinese_text(engine: EspeakEngine) -> None:
    with_word = speak(engine, "请说[HH][AH0][L][OW1]。", "cmn")
    assert len(with_word) > 1.2 * len(speak(engine, "请说。", "cmn"))


@pytest.mark.parametrize(
    ("voice", "text", "said", "zh"),
    [
        ("en-us", "say [h][ào]", "choose a Mandarin voice", "请选择普通话"),
        ("yue", "[h][ào]", "choose a Mandarin voice", "请选择普通话"),
        ("de", "[M][AY0]", "an English or Mandarin voice", "请选择英语或普通话"),
        ("cmn", "好[breath]", "[breath]; remove the mark", "请删除"),
        ("cmn", "<strong>好</strong>", "<strong>; remove the mark", "请删除"),
    ],
)
def test_marks_it_cannot_say_are_refused(
    engine: EspeakEngine, voice: str, text: str, said: str, zh: str
) -> None:
    with pytest.raises(CannotSpeakError) as caught:
        speak(engine, text, voice)
    assert said in caught.value.en
    assert zh in caught.value.zh


def test_a_text_cannot_bring_mnemonics_of_its_own(engine: EspeakEngine) -> None:
    assert "[[" not in spoken("a [[h@l'oU]] b", VOICE["en-us"], FILES)
    assert spoken("[[[M]]", VOICE["en-us"], FILES).count("[[") == 1


def test_equal_requests_with_marks_give_equal_bytes(engine: EspeakEngine) -> None:
    text = "他的爱[h][ào]是音乐，[M][Y][UW1][Z][IH0][K]。" * 8
    assert speak(engine, text, "cmn").tobytes() == speak(plugin.load(), text, "cmn").tobytes()
