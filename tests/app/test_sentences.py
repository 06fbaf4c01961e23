from hypothesis import given
from hypothesis import strategies as st

from app.engines.sentences import pieces


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


@given(st.text(alphabet="你好a.。！? \n”“1", max_size=80), st.integers(1, 30))
def test_nothing_is_lost_or_moved(text: str, at_least: int) -> None:
    found = list(pieces(text, at_least))
    assert "".join("".join(found).split()) == "".join(text.split())
    assert all(len(piece) >= at_least for piece in found[:-1])
