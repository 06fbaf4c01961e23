"""Texts are cut where it does no harm, and marks stay whole."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engines.cosyvoice.parts import text_parts, transcript_words
from app.engines.cosyvoice.prompts import check_words
from app.engines.interface import CannotSpeakError


class FakeFrontend:
    """Spells digits out and cuts at full stops, as the public one does."""

    spk2info: dict[str, dict[str, Any]] = {}

    def text_normalize(self, text: str, split: bool = True, text_frontend: bool = True) -> Any:
        if text.startswith("。”"):
            raise IndexError("pop from empty list")
        text = text.replace("0", "zero")
        return [part + "。" for part in text.split("。") if part] if split else text


def parts(text: str) -> list[str]:
    return text_parts(text, FakeFrontend())


def test_the_public_normaliser_is_used() -> None:
    assert parts("我有0个。你呢。") == ["我有zero个。", "你呢。"]
    assert transcript_words("有0个", FakeFrontend()) == "有zero个"


@pytest.mark.parametrize(
    "text", ["[M][AY0] name", "她很[h][ào]客0", "[breath]0", "<strong>0</strong>"]
)
def test_a_text_with_marks_is_not_spelt_out(text: str) -> None:
    assert parts(text) == [text]
    assert transcript_words(text, FakeFrontend()) == text


def test_a_footnote_is_no_mark() -> None:
    assert parts("见[10]") == ["见[1zero]。"]


def test_a_text_the_normaliser_fails_on_is_spoken_as_it_is() -> None:
    assert parts("。”你好0") == ["。”你好0"]
    assert transcript_words("。”你好", FakeFrontend()) == "。”你好"


@given(st.lists(st.sampled_from(["你好", "，", "word ", "[h][ào]", "[M][AY0]", "。", "长" * 90])))
def test_nothing_is_lost_marks_stay_whole_and_parts_are_short(words: list[str]) -> None:
    text = "[h][ào]" + "".join(words)
    found = parts(text)
    assert "".join("".join(found).split()) == "".join(text.split())
    for part in found:
        assert len(part) <= 300
        assert part.count("[") == part.count("]")


@pytest.mark.parametrize("words", ["<|endofprompt|>", "a<|b\n|>c", "|> <|"])
def test_control_words_are_refused_wherever_they_stand(words: str) -> None:
    for place in range(3):
        told = ["你好", "", ""]
        told[place] = words
        with pytest.raises(CannotSpeakError):
            check_words(*told)
    check_words("a < b | c > d", "<|", "|>")
