"""Cut a text where a speaker would breathe, so that speech can be made and sent in pieces."""

import re
from collections.abc import Iterator

from app.annotations import Kind, parse

# After CJK or Western sentence enders (with closing quotes), and at line ends. A Western full
# stop ends a sentence only before white space: 3.14 and v1.2 stay whole.
_CLOSING = "”’」』）】》"
_SENTENCE_END = re.compile(
    rf"[。！？；…]+[{_CLOSING}]*|(?P<stop>[.!?;]+)[{_CLOSING})\"']*(?=\s)|\n+"
)
# Where a sentence that is too long may be cut, best first; the last is anywhere.
_WEAKER = (
    re.compile(rf"[，：,:、—][{_CLOSING}]*(?!\d)"),
    re.compile(r"\s+"),
    re.compile(r"(?<=[\u3400-\u9fff])(?=[\u3400-\u9fff])"),
    re.compile(r""),
)
# A full stop after these ends no sentence: titles, Latin, months and initials.
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\"'“‘])(?:"
    r"(?i:mr|mrs|ms|dr|prof|sr|jr|st|rev|hon|gen|col|capt|lt|sgt|vs|etc|cf|approx|fig|vol|pp"
    r"|e\.g|i\.e|dept|est|inc|ltd|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)"
    r"|[A-Z](?:\.[A-Z])*"
    r")\.\Z"
)
LONGEST_MARK = 24
"""Characters of the longest mark; no piece can be kept shorter than that."""


def pieces(text: str, at_least: int, at_most: int | None = None) -> Iterator[str]:
    """Split ``text`` at sentence ends into pieces of ``at_least`` characters or more.

    Short sentences stay together. A sentence longer than ``at_most`` (None: no limit; at least
    ``LONGEST_MARK``) is cut at a clause, else at white space, else between Chinese characters,
    else anywhere, but never within a mark such as ``[h][ào]``. The pieces joined hold every visible
    character of the text, in order; the last may be shorter.
    """
    if at_most is not None and at_most < LONGEST_MARK:
        raise ValueError(f"at_most is {at_most}, less than {LONGEST_MARK}")
    marks = _Marks(text)
    start = 0
    for end in _sentence_ends(text, marks):
        if len(text[start:end].strip()) >= at_least:
            yield from _bounded(text, start, end, at_most, marks)
            start = end
    yield from _bounded(text, start, len(text), at_most, marks)


class _Marks:
    """Places of a text that lie within a mark."""

    def __init__(self, text: str) -> None:
        self._within = {
            place
            for segment in parse(text)
            if segment.kind is not Kind.TEXT
            for place in range(segment.start + 1, segment.end)
        }

    def cut(self, place: int) -> bool:
        """Tell whether a cut before this place would go through a mark."""
        return place in self._within


def _sentence_ends(text: str, marks: _Marks) -> Iterator[int]:
    for match in _SENTENCE_END.finditer(text):
        # The longest of these abbreviations has fewer than 16 characters.
        stop = match.start() + 1
        before = text[max(0, stop - 16) : stop]
        is_abbreviation = match["stop"] == "." and _is_abbreviation(before, text[stop : stop + 4])
        if not is_abbreviation and not marks.cut(match.end()):
            yield match.end()


def _is_abbreviation(before: str, after: str) -> bool:
    if re.search(r"(?:^|\s)No\.\Z", before):
        return re.match(r"\s+\d", after) is not None
    return _ABBREVIATION.search(before) is not None


def _bounded(text: str, start: int, end: int, at_most: int | None, marks: _Marks) -> Iterator[str]:
    """The stretch in pieces of at most ``at_most`` characters, without the white space around."""
    while at_most is not None and len(text[start:end].strip()) > at_most:
        start = _skip_space(text, start)
        cut = _best_cut(text, start, start + at_most, marks)
        yield text[start:cut].strip()
        start = cut
    if rest := text[start:end].strip():
        yield rest


def _skip_space(text: str, start: int) -> int:
    while text[start].isspace():
        start += 1
    return start


def _best_cut(text: str, start: int, limit: int, marks: _Marks) -> int:
    """The last good place to cut after ``start``, at most ``limit``."""
    # A cut in the first third would leave a scrap and help little.
    earliest = start + (limit - start) // 3
    for boundary in _WEAKER:
        # One character more, so that a comma within a number is seen to be one.
        cuts = [match.end() for match in boundary.finditer(text, earliest, limit + 1)]
        if good := [cut for cut in cuts if earliest < cut <= limit and not marks.cut(cut)]:
            return good[-1]
    # A mark reaches from the first third to beyond the limit: a scrap before it, then.
    return max(place for place in range(start + 1, limit + 1) if not marks.cut(place))
