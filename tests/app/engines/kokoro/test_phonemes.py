"""Phonemes for Kokoro, without its model."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.annotations import Syllable
from app.annotations.marks import PHONEMES
from app.annotations.syllables import FINALS, INITIALS, exists
from app.engines.interface import CannotSpeakError
from app.engines.kokoro import cmu
from app.engines.kokoro.voices import LANGUAGE_OF, VOICES

pytest.importorskip("kokoro_onnx", reason="needs pip install '.[kokoro]'")
pytest.importorskip("misaki.zh", reason="needs pip install '.[kokoro]'")

from kokoro_onnx.tokenizer import Tokenizer

from app.engines.kokoro.mandarin import Mandarin
from app.engines.kokoro.phonemes import Phonemes

VOICE = {voice.id: voice for voice in VOICES}
TOKENIZER = Tokenizer()
KNOWN = frozenset(TOKENIZER.vocab)


@pytest.fixture(scope="module")
def mandarin(tmp_path_factory: pytest.TempPathFactory) -> Mandarin:
    return Mandarin(tmp_path_factory.mktemp("jieba"))


@pytest.fixture(scope="module")
def phonemes(mandarin: Mandarin) -> Phonemes:
    return Phonemes(TOKENIZER.phonemize, KNOWN, mandarin)


def of(phonemes: Phonemes, text: str, voice: str = "zf_xiaoxiao") -> str:
    return phonemes.of(text, VOICE[voice], LANGUAGE_OF[voice])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("你好，世界。", "ni↓xau↓, ʂɨ↘ʨje↘."),
        ("爱好", "ai↘xau↘"),
        ("很好", "xə↓n xau↓"),
        ("银行行长", "i↗nxa↗ŋxa↗ŋꭧa↓ŋ"),
        ("二〇二六", "ɚ↘li↗ŋ ɚ↘ljou↘"),
        ("1,000", "i→ʨʰjɛ→n"),
        ("3.14", "sa→ntjɛ↓n i→ sɨ↘"),
        ("５０%", "pai↓fə→nꭧɨ→u↓ʂɨ↗"),
    ],
)
def test_mandarin(phonemes: Phonemes, text: str, told: str) -> None:
    assert of(phonemes, text) == told


def test_a_pinyin_mark_is_the_reading_of_its_character(phonemes: Phonemes) -> None:
    assert of(phonemes, "[h][ào]") == of(phonemes, "号") == "xau↘"
    assert of(phonemes, "[h][ǎo]") == of(phonemes, "好")
    assert of(phonemes, "报道[j][ǐ]予") == "pau↘tau↘ʨi↓y↓"


def test_every_syllable_is_in_the_vocabulary_and_none_sounds_like_another(
    mandarin: Mandarin,
) -> None:
    made: dict[str, Syllable] = {}
    for initial in ("", *sorted(INITIALS)):
        for final, tone in FINALS.values():
            if exists(initial, final):
                syllable = Syllable(initial, final, tone)
                told = mandarin.syllable(syllable)
                assert set(told) <= KNOWN, syllable
                # misaki says lo and luo, yo and wo alike.
                if made.setdefault(told, syllable) != syllable:
                    assert {final, made[told].final} <= {"o", "uo", "e", "ei", "en"}, syllable


def test_english_in_chinese_text(phonemes: Phonemes) -> None:
    told = of(phonemes, "我们用deep learning来做。")
    assert "dˈiːp lˈɜːnɪŋ" in told
    assert told.startswith("wo↓mən") and told.endswith(".")
    assert of(phonemes, "说[M][AY1]。") == "ʂwo→ mˈaɪ."


def test_numbers_too_long_to_count_are_spelled_out(phonemes: Phonemes) -> None:
    assert of(phonemes, "1" * 20).count("i→") == 20


@pytest.mark.parametrize(
    ("marked", "word"),
    [
        ("[M][IH1][N][IH0][T]", "minute"),
        ("[CH][OY1][S]", "choice"),
        ("[TH][IH1][NG]", "thing"),
        ("[JH][AH1][JH]", "judge"),
        ("[HH][AH0][L][OW1]", "hello"),
        ("[M][EH1][ZH][ER0]", "measure"),
        ("[B][AE1][K]", "back"),
        ("[B][UH1][K]", "book"),
        ("[F][UW1][D]", "food"),
        ("[B][ER1][D]", "bird"),
        ("[Y][EH1][S]", "yes"),
    ],
)
def test_cmu_phonemes_are_those_of_the_word(phonemes: Phonemes, marked: str, word: str) -> None:
    assert of(phonemes, marked, "af_heart") == of(phonemes, word, "af_heart")


@pytest.mark.parametrize("name", sorted(PHONEMES))
def test_every_cmu_phoneme_is_in_the_vocabulary(name: str) -> None:
    assert set(cmu.ipa(name)) <= KNOWN


def test_a_title_makes_no_pause(phonemes: Phonemes) -> None:
    assert of(phonemes, "Mr. Smith came.", "af_heart") == "mˈɪstɚ smˈɪθ kˈeɪm."


@pytest.mark.parametrize(
    ("voice", "text", "told"),
    [
        ("bf_emma", "I hope so.", "aɪ hˈəʊp sˈəʊ."),
        ("ef_dora", "El niño come pan.", "el nˈiɲo kˈome pˈan."),
        ("ff_siwis", "Bonjour le monde.", "bɔ̃ʒˈuʁ lə mˈɔ̃d."),
        ("if_sara", "Gli amici mangiano.", "ʎɪ amˈiʧɪ mˈanʤano."),
        ("pf_dora", "Olá, tchau.", "olˈa, ʧˈaʊ."),
        ("hf_alpha", "नमस्ते दुनिया", "nəmˈʌsteː dˈʊnɪjˌaː"),
    ],
)
def test_other_languages(phonemes: Phonemes, voice: str, text: str, told: str) -> None:
    assert of(phonemes, text, voice) == told


def test_a_foreign_word_brings_no_note_of_its_language(phonemes: Phonemes) -> None:
    assert "(" not in of(phonemes, "Bon week-end à tous.", "ff_siwis")
    assert "(" in of(phonemes, "Bonjour (oui).", "ff_siwis")


@pytest.mark.parametrize(
    ("voice", "text", "said"),
    [
        ("af_heart", "Hello 世界", "'世'"),
        ("zf_xiaoxiao", "こんにちは", "'こ'"),
        ("zf_xiaoxiao", "𠀀", "'𠀀'"),
        ("ff_siwis", "Привет", "'П'"),
        ("hf_alpha", "你好", "'你'"),
        ("af_heart", "say [h][ào]", "choose a Mandarin voice"),
        ("ff_siwis", "dis [M][AY1]", "choose an English or Mandarin voice"),
        ("zf_xiaoxiao", "好[laughter]", "[laughter]; remove the mark"),
    ],
)
def test_what_a_voice_cannot_say_is_refused(
    phonemes: Phonemes, voice: str, text: str, said: str
) -> None:
    with pytest.raises(CannotSpeakError) as caught:
        of(phonemes, text, voice)
    assert said in caught.value.en
    assert re.search("[\u4e00-\u9fff]", caught.value.zh)


@settings(deadline=None, max_examples=60)
@given(
    text=st.text(
        alphabet="你好一不行了，。！“”%-/:.,0123456789年月日元AbZé[]hàoM ～①ª℃", max_size=40
    )
)
def test_any_text_gives_phonemes_or_a_reason(phonemes: Phonemes, text: str) -> None:
    try:
        told = of(phonemes, text)
    except CannotSpeakError:
        return
    assert told == told.strip()
    assert not re.search("[\u4e00-\u9fff0-9]", told)
