"""Cut a text into what the model can say in one breath, normalised where that does no harm."""

import re
from collections.abc import Iterator

from app.engines.cosyvoice.public_model import Frontend
from app.engines.sentences import pieces

_PINYIN_PHONEME_OR_EVENT = re.compile(r"\[[^\W\d_]+[0-2]?\]|\[quick_breath\]|</?(strong|laughter)>")
_HAN_OR_KANA = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]")
_SOFT = re.compile(r"[，,、；;：:\s]")
_AT_LEAST = 40
# The public splitter cuts at sentence ends only; a text without any would become one utterance
# of a minute, for which the model loses the thread.
_MOST_IDEOGRAPHS = 120
_MOST_LETTERS = 300


def text_parts(text: str, frontend: Frontend) -> list[str]:
    """The parts of ``text`` in order; empty where nothing in it can be spoken.

    The model's own normaliser and splitter is used ("3 km" becomes words), except for a text with
    pronunciation marks: it spells the digit in ``[AY0]`` out, after which the mark is none.
    """
    sentences: list[str]
    if _PINYIN_PHONEME_OR_EVENT.search(text):
        sentences = list(pieces(text, _AT_LEAST))
    else:
        try:
            sentences = frontend.text_normalize(text, split=True)
        except IndexError:
            # It looks one past the end of some texts, for example one that begins with 。”
            sentences = list(pieces(text, _AT_LEAST))
    return [part for sentence in sentences for part in _bounded(sentence)]


def transcript_words(transcript: str, frontend: Frontend) -> str:
    """A transcript as the words that were spoken."""
    if _PINYIN_PHONEME_OR_EVENT.search(transcript):
        return transcript
    try:
        return str(frontend.text_normalize(transcript, split=False))
    except IndexError:
        return transcript


def _bounded(sentence: str) -> Iterator[str]:
    most = _MOST_IDEOGRAPHS if _HAN_OR_KANA.search(sentence) else _MOST_LETTERS
    while len(sentence) > most:
        cut = _cut(sentence, most)
        if part := sentence[:cut].strip():
            yield part
        sentence = sentence[cut:]
    if part := sentence.strip():
        yield part


def _cut(sentence: str, most: int) -> int:
    """Find the place to cut: after the last comma or space, else anywhere but inside a mark."""
    soft = [match.end() for match in _SOFT.finditer(sentence, most // 2, most)]
    if soft:
        return soft[-1]
    opening = sentence.rfind("[", 0, most)
    inside = opening > 0 and sentence.find("]", opening) >= most
    return opening if inside else most
