import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.annotations import Kind, parse
from app.engines.sentences import LONGEST_MARK, pieces

MARKS = ["[h][ào]", "[zh][uāng]", "[M]", "[AY0]", "[breath]", "[vocalized-noise]", "<strong>"]
TEXTS = st.lists(
    st.sampled_from([*"你好世a.。！？ \n”“1,，I", "Mr. ", "3.14", "word ", *MARKS]), max_size=80
).map("".join)


def visible(text: str) -> str:
    return "".join(text.split())


def test_cuts_fall_at_sentence_ends() -> None:
    text = "今天天气很好。“真的吗？”她问。It is 3.14 degrees! Version v1.2 is out.\n结束"
    assert list(pieces(text, 1)) == [
        "今天天气很好。",
        "“真的吗？”",
        "她问。",
        "It is 3.14 degrees!",
        "Version v1.2 is out.",
        "结束",
    ]


def test_short_sentences_stay_together() -> None:
    assert list(pieces("一。二。三。四。", 4)) == ["一。二。", "三。四。"]


@pytest.mark.parametrize(
    "text",
    [
        "Mr. Smith met Dr. Jones.",
        "J. R. R. Tolkien wrote it.",
        "The U.S. Army came.",
        "See fig. 3 and No. 5 of the list.",
        "Use a tool, e.g. a hammer.",
        "It costs $1,000.50 in all.",
        "他说（见第 3.5 节）很好。",
    ],
)
def test_what_is_no_sentence_end(text: str) -> None:
    assert list(pieces(text, 1)) == [text]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ('"Go." He went.', '"Go."'),
        ("Is it a No. Yes.", "Is it a No."),
        ("Really?! Yes.", "Really?!"),
        ("等等……然后呢？", "等等……"),
        ("（好。）再见", "（好。）"),
    ],
)
def test_what_is_a_sentence_end(text: str, first: str) -> None:
    assert next(pieces(text, 1)) == first


def test_a_long_sentence_is_cut_at_a_clause() -> None:
    text = "今天的天气真的非常非常非常好，我们大家一起去公园里散步然后再回家吃晚饭睡觉。"
    assert list(pieces(text, 1, 24)) == [text[:15], text[15:]]


def test_a_long_sentence_without_clauses_is_cut_between_words() -> None:
    text = "one two three four five six seven eight nine ten"
    found = list(pieces(text, 1, 24))
    assert " ".join(found) == text
    assert "".join(pieces("字" * 100, 1, 24)) == "字" * 100


def test_a_number_is_not_cut_at_its_comma() -> None:
    text = "aaaa bbbb cccc dddd 12,345 eeee"
    assert all("12,345" in piece or "12" not in piece for piece in pieces(text, 1, 24))


@given(TEXTS, st.integers(1, 30))
def test_nothing_is_lost_or_moved(text: str, at_least: int) -> None:
    found = list(pieces(text, at_least))
    assert visible("".join(found)) == visible(text)
    assert all(len(piece) >= at_least for piece in found[:-1])


@given(TEXTS, st.integers(1, 30), st.integers(LONGEST_MARK, 60))
def test_with_an_upper_bound_nothing_is_lost_and_no_piece_is_longer(
    text: str, at_least: int, at_most: int
) -> None:
    found = list(pieces(text, at_least, at_most))
    assert visible("".join(found)) == visible(text)
    assert all(0 < len(piece) <= at_most for piece in found)
    assert all(piece == piece.strip() for piece in found)


@given(TEXTS, st.integers(1, 30), st.integers(LONGEST_MARK, 60) | st.none())
@example("你[h][ào]你你[h][ào][vocalized-noise]", 1, 24)
def test_no_mark_is_cut(text: str, at_least: int, at_most: int | None) -> None:
    def marks(stretch: str) -> list[str]:
        return [segment.text for segment in parse(stretch) if segment.kind is not Kind.TEXT]

    found = list(pieces(text, at_least, at_most))
    assert [mark for piece in found for mark in marks(piece)] == marks(text)


def test_a_bound_no_mark_fits_into_is_refused() -> None:
    with pytest.raises(ValueError, match="less than"):
        list(pieces("好", 1, LONGEST_MARK - 1))


def test_long_texts_are_cut_in_time() -> None:
    text = "word [h][ào] " * 8000
    assert re.sub(r"\s", "", "".join(pieces(text, 1, 100))) == visible(text)
