import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import InvalidInputError
from app.text import speakable


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("", "text_empty", "no text"),
        (" \n\t ", "text_empty", "no text"),
        ("\ufeff", "text_empty", "no text"),
        ("😀🎉", "text_not_speakable", "no letter"),
        ("……！！", "text_not_speakable", "no letter"),
        ("你好\x00", "text_not_clean", "character 3 of the text is U+0000"),
        ("\x1b[31mred", "text_not_clean", "U+001B"),
        ("a\ud800b", "text_not_clean", "U+D800"),
        ("字" * 11, "text_too_long", "11 characters; at most 10"),
    ],
)
def test_unfit_texts_are_refused_with_the_reason(text: str, code: str, said: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        speakable(text, 10)
    assert caught.value.code == code
    assert said in caught.value.en
    assert any("\u4e00" <= character <= "\u9fff" for character in caught.value.zh)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("  你好。\r\n世界\r", "你好。\n世界"),
        ("\ufeffhello", "hello"),
        ("a\u2028b\x0bc\x0cd", "a\nb\nc\nd"),
        ("cafe\u0301", "café"),
        ("5", "5"),
        ("好😀", "好😀"),
    ],
)
def test_texts_are_tidied(text: str, clean: str) -> None:
    assert speakable(text, 100) == clean


@given(st.text(max_size=60))
def test_any_text_is_tidied_or_refused_and_tidying_is_final(text: str) -> None:
    try:
        clean = speakable(text, 50)
    except InvalidInputError:
        return
    assert clean.encode()
    assert speakable(clean, 200) == clean
