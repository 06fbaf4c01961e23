import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.annotations import Kind, check, parse
from app.annotations.marks import BRACKETED, PHONEMES, SPANS
from app.annotations.problems import MOST
from app.annotations.syllables import FINALS, INITIALS, Syllable, exists, read

SYLLABLES = [
    Syllable(initial, final, tone)
    for initial in sorted({"", *INITIALS})
    for final, tone in FINALS.values()
    if exists(initial, final)
]
# Texts that are mostly marks, right, wrong and broken.
PARTS = st.sampled_from(
    [
        *("[", "]", "<", ">", "/", "［", "］", "|", " ", "好", "a", "4", "\n", "𠀀"),
        *(f"[{name}]" for name in sorted(BRACKETED)),
        *("<strong>", "</strong>", "<laughter>", "</laughter>", "<b>", "<|im_start|>"),
        *("[hao4]", "[h][ao4]", "[AY3]", "[ay0]", "[see note]", "[breth]", "［ào］", "[nv3]"),
    ]
)
TEXTS = st.lists(PARTS, max_size=12).map("".join) | st.text(max_size=60)


def fixed(text: str) -> str:
    """The text with every suggestion taken."""
    for problem in reversed(check(text)):
        if problem.suggestion is not None:
            text = text[: problem.start] + problem.suggestion + text[problem.end :]
    return text


@given(TEXTS)
def test_segments_joined_are_the_text(text: str) -> None:
    segments = parse(text)
    assert "".join(segment.text for segment in segments) == text
    assert all(text[segment.start : segment.end] == segment.text for segment in segments)
    assert all(segment.text for segment in segments)


@given(TEXTS)
def test_problems_are_in_order_and_where_they_say(text: str) -> None:
    problems = check(text)
    for problem in problems:
        assert 0 <= problem.start < problem.end <= len(text)
        assert text[problem.start : problem.end] == problem.mark
        assert problem.en.startswith(problem.mark)
        assert any("\u4e00" <= character <= "\u9fff" for character in problem.zh)
        assert problem.suggestion != problem.mark
    assert [problem.start for problem in problems] == sorted(problem.start for problem in problems)


@given(TEXTS)
def test_no_known_mark_is_read_as_text_in_silence(text: str) -> None:
    problems = check(text)
    for segment in parse(text):
        if segment.kind is Kind.TEXT:
            for name in BRACKETED:
                at = segment.text.find(f"[{name}]")
                start = segment.start + at
                assert (
                    at < 0
                    or any(p.start <= start < p.end for p in problems)
                    or len(problems) == MOST
                )


@given(st.lists(st.sampled_from(SYLLABLES), min_size=1, max_size=6))
def test_every_syllable_is_read_back_from_its_marks(syllables: list[Syllable]) -> None:
    text = "好".join(syllable.marks for syllable in syllables)
    assert check(text) == []
    assert [segment.syllable for segment in parse(text)[::2]] == syllables


@given(st.sampled_from(SYLLABLES))
def test_other_spellings_of_a_syllable_are_set_right(syllable: Syllable) -> None:
    for inside in (syllable.numbered, syllable.numbered.replace("ü", "v"), syllable.letters):
        if inside in BRACKETED:
            continue
        (problem,) = check(f"把[{inside}]")
        tone = syllable.tone if inside[-1].isdigit() else 5
        if Syllable(syllable.initial, syllable.final, tone).has_marks and inside.islower():
            meant = read(inside)
            assert meant is not None
            assert problem.suggestion == meant.marks
            assert (meant.letters, meant.tone) == (syllable.letters, tone)
    if syllable.initial:
        apart = f"[{syllable.initial}][{syllable.final}{syllable.tone}]"
        assert fixed(apart) == syllable.marks


@pytest.mark.parametrize("name", sorted(PHONEMES))
def test_phonemes(name: str) -> None:
    (segment,) = parse(f"[{name}]")
    assert (segment.kind, segment.name) == (Kind.PHONEME, name)
    assert check(f"[{name}]") == []


@pytest.mark.parametrize("name", sorted(SPANS))
def test_spans(name: str) -> None:
    opened, said, closed = parse(f"<{name}>好</{name}>")
    assert (opened.kind, opened.name) == (Kind.EVENT, name)
    assert (said.kind, said.text) == (Kind.TEXT, "好")
    assert (closed.kind, closed.name) == (Kind.EVENT, f"/{name}")


@pytest.mark.parametrize(
    ("text", "mark", "suggestion", "said"),
    [
        ("你[hao3]", "[hao3]", "[h][ǎo]", "not a pinyin"),
        ("你[hǎo]", "[hǎo]", "[h][ǎo]", "not a pinyin"),
        ("[h]好", "[h]", None, "must be followed by a final"),
        ("[h] [ào]", "[h]", None, "must be followed by a final"),
        ("[uǒ]", "[uǒ]", "[w][ǒ]", "needs an initial"),
        ("[ī]", "[ī]", "[y][ī]", "needs an initial"),
        ("[h][ī]", "[h][ī]", "[h][uī]", "no syllable hi"),
        ("[j][ǜ]", "[j][ǜ]", "[j][ù]", "above the vowel"),
        ("[l][üè]", "[l][üè]", "[l][vè]", "above the vowel"),
        ("[ay0]", "[ay0]", "[AY0]", "not a pinyin"),
        ("[AY7]", "[AY7]", "[AY1]", "not a pinyin"),
        ("[m][AY0]", "[m]", "[M]", "capitals"),
        ("[breth]", "[breth]", "[breath]", "sound"),
        ("<breath>", "<breath>", "[breath]", "known tags"),
        ("<strng>", "<strng>", "<strong>", "known tags"),
        ("[strong]", "[strong]", "<strong></strong>", "not a pinyin"),
        ("［h］", "［h］", "[h]", "full-width"),
        ("[hao4", "[hao4", "[h][ào]", "not closed"),
        ("<strong>好", "<strong>", None, "</strong> is missing"),
        ("好</strong>", "</strong>", None, "no <strong> before"),
        ("<|im_start|>", "<|im_start|>", None, "control tokens"),
        ("[OK]", "[OK]", "[K]", "not a pinyin"),
    ],
)
def test_wrong_marks_and_what_was_meant(
    text: str, mark: str, suggestion: str | None, said: str
) -> None:
    problem = check(text)[0]
    assert (problem.mark, problem.suggestion) == (mark, suggestion)
    assert said in problem.en


@pytest.mark.parametrize(
    "text",
    [
        "a[1]",
        "【OK】",
        "[see note]",
        "[a, b)",
        "x < y > z",
        "<|endofprompt|>",
        "[]",
        "［注 1］",
        "[……]",
    ],
)
def test_brackets_that_mark_nothing_are_left_alone(text: str) -> None:
    assert check(text) == []
    assert [segment.kind for segment in parse(text)] == [Kind.TEXT]


@pytest.mark.parametrize("part", ["[h]", "[q7x]", "[", "<strong>", "<|", "［ào］", "[hao4"])
def test_at_most_so_many_problems_are_told(part: str) -> None:
    assert len(check(part * 5000)) <= MOST


def test_the_example_of_the_model() -> None:
    text = "高管也对报道[j][ǐ]予好评，[M][AY0] [breath]"
    assert check(text) == []
    kinds = [segment.kind for segment in parse(text) if segment.kind is not Kind.TEXT]
    assert kinds == [Kind.PINYIN, Kind.PHONEME, Kind.PHONEME, Kind.EVENT]
