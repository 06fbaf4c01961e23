"""Wrong marks in a text, each with the nearest right one."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from app.annotations.marks import BRACKETED, EVENTS, PHONEMES, SPANS
from app.annotations.nearest import nearest_mark, nearest_syllable, nearest_tag, whole
from app.annotations.segments import BRACKETS, TAGS
from app.annotations.syllables import FINALS, INITIALS, Syllable, exists, read, read_final

MOST = 50
"""Problems told about one text; a person mends those first."""

# Letters, then perhaps digits: `[see note]`, `[1]` and `[……]` are ordinary text.
_LOOKS_LIKE_A_MARK = re.compile(r"[^\W\d_][\w:-]{0,15}")
_LATIN = r"A-Za-z\u00c0-\u024f\u0300-\u036f"
_FOUND = re.compile(
    rf"(?P<control><\|(?!endofprompt\|>)[^<>|]*\|>)"
    rf"|(?P<tag>{TAGS.pattern})"
    rf"|(?P<bracket>{BRACKETS.pattern})"
    r"|(?P<wide>［(?P<in_wide>[^［］\[\]]*)］)"
    rf"|(?P<open>[\[［](?P<in_open>[{_LATIN}][{_LATIN}0-9_:-]{{0,15}})(?![\s,，{_LATIN}0-9_:-]))"
)


@dataclass(frozen=True, slots=True)
class Problem:
    """A mark that would be read as ordinary text, or not as meant."""

    start: int
    """Offset of its first character (code points, as Python counts; browsers count UTF-16)."""
    end: int
    """Offset after its last character."""
    mark: str
    """The wrong mark as it stands in the text."""
    en: str
    zh: str
    suggestion: str | None = None
    """Text to write from ``start`` to ``end`` instead; None where nothing comes near."""


def check(text: str) -> list[Problem]:
    """The first ``MOST`` problems of a text, in order. Never raises."""
    found = list(_FOUND.finditer(text))
    first = [*islice(_problems(found), MOST), *islice(_pairs(found), MOST)]
    return sorted(first, key=lambda problem: problem.start)[:MOST]


def _problems(found: list[re.Match[str]]) -> Iterator[Problem]:
    told = 0
    for index, match in enumerate(found):
        after = _adjacent(found, index, 1)
        if match.start() < told:
            continue
        if problem := _problem(match, _adjacent(found, index, -1), after):
            yield problem
        if _inside(match) in INITIALS and after and _is_final(after):
            told = after.end()


def _adjacent(found: list[re.Match[str]], index: int, step: int) -> re.Match[str] | None:
    """The bracket that touches this one before (-1) or after it (1)."""
    if not 0 <= index + step < len(found):
        return None
    other = found[index + step]
    first, second = (found[index], other) if step > 0 else (other, found[index])
    return other if other["bracket"] and first.end() == second.start() else None


def _inside(match: re.Match[str]) -> str:
    return match["bracket"][1:-1] if match["bracket"] else ""


def _is_final(match: re.Match[str]) -> bool:
    inside = _inside(match)
    return inside not in PHONEMES and inside not in EVENTS and read_final(inside) is not None


def _problem(
    match: re.Match[str], before: re.Match[str] | None, after: re.Match[str] | None
) -> Problem | None:
    if match["control"]:
        return _told(
            match,
            "control tokens are the engine's own; remove it",
            "这是模型的控制符号，请删除",
        )
    if match["tag"]:
        return _tag_problem(match)
    if match["wide"]:
        return _wide_problem(match)
    if match["open"]:
        return _open_problem(match)
    inside = _inside(match)
    if inside in PHONEMES or inside in EVENTS:
        return None
    if inside in INITIALS:
        return _initial_problem(match, before, after)
    if inside in FINALS:
        return _final_problem(match)
    if not _LOOKS_LIKE_A_MARK.fullmatch(inside):
        return None
    return _told(
        match,
        "is not a pinyin, phoneme or sound that can be marked",
        "不是可用的拼音、音素或声音标记",
        nearest_mark(inside),
    )


def _tag_problem(match: re.Match[str]) -> Problem | None:
    slash, name = ("/", match["tag"][2:-1]) if match["tag"][1] == "/" else ("", match["tag"][1:-1])
    if name in SPANS:
        return None
    return _told(
        match,
        "is not a tag; known tags are <strong> and <laughter>",
        "不是可用的标签，可用的有 <strong> 和 <laughter>",
        nearest_tag(slash, name),
    )


def _wide_problem(match: re.Match[str]) -> Problem | None:
    inside = match["in_wide"]
    if inside not in BRACKETED and not _LOOKS_LIKE_A_MARK.fullmatch(inside):
        return None
    return _told(
        match,
        "full-width brackets mark nothing; write [ and ]",
        "全角方括号不是标记，请用半角 [ 和 ]",
        f"[{inside}]" if inside in BRACKETED else nearest_mark(inside),
    )


def _open_problem(match: re.Match[str]) -> Problem | None:
    inside = match["in_open"]
    if inside not in BRACKETED and read(inside) is None:
        return None
    suggestion = f"[{inside}]" if inside in BRACKETED else nearest_mark(inside)
    return _told(match, "the bracket is not closed", "方括号没有闭合", suggestion)


def _initial_problem(
    match: re.Match[str], before: re.Match[str] | None, after: re.Match[str] | None
) -> Problem | None:
    initial = _inside(match)
    if after and _is_final(after):
        return _pair_problem(match, after)
    if initial.upper() in PHONEMES and any(
        _inside(other) in PHONEMES for other in (before, after) if other
    ):
        return _told(match, "phonemes are in capitals", "音素要大写", f"[{initial.upper()}]")
    return _told(
        match,
        f"the initial {initial} must be followed by a final with its tone, as in [h][ào]",
        f"声母 {initial} 后面要紧跟带声调的韵母，例如 [h][ào]",
    )


def _pair_problem(match: re.Match[str], after: re.Match[str]) -> Problem | None:
    initial, end = _inside(match), after.end()
    final, tone = read_final(_inside(after)) or ("", 0)
    if initial in tuple("jqxy"):
        final = final.replace("ü", "u")
    if not exists(initial, final):
        return _told(
            match,
            f"Mandarin has no syllable {initial}{final}",
            f"普通话没有 {initial}{final} 这个音节",
            nearest_syllable(initial, final, tone),
            end,
        )
    meant = Syllable(initial, final, tone)
    if not meant.has_marks:
        return _told(
            match,
            f"the final {final} cannot be marked in this tone",
            f"韵母 {final} 没有这个声调的标记",
            nearest_syllable(initial, final, tone),
            end,
        )
    if meant.marks == match.string[match.start() : end]:
        return None
    return _told(match, "write the tone above the vowel", "声调要标在元音上", meant.marks, end)


def _final_problem(match: re.Match[str]) -> Problem | None:
    final, tone = FINALS[_inside(match)]
    if exists("", final):
        return None
    return _told(
        match,
        f"the final {final} needs an initial before it",
        f"韵母 {final} 前面要有声母",
        whole(final, tone),
    )


def _pairs(found: list[re.Match[str]]) -> Iterator[Problem]:
    """Tags that are opened and not closed, or the other way round."""
    opened: dict[str, re.Match[str]] = {}
    for match in found:
        if not match["tag"]:
            continue
        name = match["tag"].strip("<>/")
        if name not in SPANS:
            continue
        if match["tag"].startswith("</"):
            if opened.pop(name, None) is None:
                yield _told(match, f"there is no <{name}> before it", f"前面没有 <{name}>")
        elif name in opened:
            yield _told(match, f"<{name}> is open already", f"前面的 <{name}> 还没有结束")
        else:
            opened[name] = match
    for name, match in opened.items():
        yield _told(match, f"</{name}> is missing after it", f"后面缺少 </{name}>")


def _told(
    match: re.Match[str], en: str, zh: str, suggestion: str | None = None, end: int | None = None
) -> Problem:
    """A problem of what was matched, or of the text from there to ``end``."""
    start, end = match.start(), end or match.end()
    mark = match.string[start:end]
    return Problem(start, end, mark, f"{mark}: {en}", f"{mark}：{zh}", suggestion)
