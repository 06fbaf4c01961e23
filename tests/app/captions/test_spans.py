"""Texts in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.captions.placing import placed
from app.captions.spans import needs_space, word_spans
from app.sound.timed import Word


def words(text: str) -> list[str]:
    return [text[begin:end] for begin, end in word_spans(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Hello, big  world.\nIt's “so”.", ["Hello,", "big", "world.", "It's", "“so”."]),
        ("你好，世界。再见！”", ["你", "好，", "世", "界。", "再", "见！”"]),
        ("他说：“好（的）”", ["他", "说：", "“好", "（的）”"]),
        ("用GPU 3台。", ["用", "GPU", "3", "台。"]),
        ("第[h][ào]个 [M][AY0] ok", ["第", "[h][ào]", "个", "[M][AY0]", "ok"]),
        ("こんにちは", list("こんにちは")),
        ("नमस्ते दुनिया", ["नमस्ते", "दुनिया"]),
        ("", []),
    ],
)
def test_words_as_they_are_written(text: str, found: list[str]) -> None:
    assert words(text) == found


@given(st.text(st.sampled_from("ab,.“”（ 中文。[]<>\n3"), max_size=40))
def test_nothing_but_white_space_is_between_words(text: str) -> None:
    assert "".join(words(text)) == "".join(text.split())


def test_space_between_words_as_they_are_written() -> None:
    assert needs_space("Hello,", "big")
    assert not needs_space("你", "好")
    assert not needs_space("用", "GPU")
    assert not needs_space("好，", "GPU")
    assert needs_space("안녕", "하세요")


def test_words_that_have_no_time_share_that_of_the_last_one_that_has() -> None:
    found = placed(["a", "b", "c", "d"], [0, None, 40, None], [30], 100)
    assert found == (Word("a", 0, 15), Word("b", 15, 30), Word("c", 40, 70), Word("d", 70, 100))
    assert placed(["a"], [None], [], 9) == (Word("a", 0, 9),)
    assert placed(["a", "b"], [None, 6], [], 10) == (Word("a", 6, 8), Word("b", 8, 10))
    assert placed([], [], [], 10) == ()
