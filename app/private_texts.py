"""Texts that people had spoken, kept out of the log: they are personal.

A line has its length and a hash instead, by which equal texts are known for equal. Texts can be
in a log in many ways, an engine's complaint about a word among them: whatever has a few characters
in a row in common with the text of the request at hand is taken out of its lines.
"""

import hashlib
import hmac
import json
from collections.abc import Iterator
from contextvars import ContextVar
from functools import lru_cache

TEXTS: ContextVar[tuple[str, ...]] = ContextVar("texts", default=())
"""The texts of the request, or of a worker's job, that is being served."""

TEXT = "text"
"""The field of a log record that holds a text as it is."""
REMOVED = "(text)"
_RUN = 6
"""Characters in a row; the words of our own messages have fewer in common with what people say."""


def keep_private(*texts: str) -> None:
    """Take them out of what is logged for this request from now on."""
    TEXTS.set(tuple(dict.fromkeys((*TEXTS.get(), *filter(None, texts)))))


def told_of(text: str, key: bytes) -> dict[str, object]:
    """The words of a line instead. The key makes a guess of the text worth nothing to who has the
    hash alone."""
    mark = hmac.new(key, text.encode("utf-8", "surrogatepass"), hashlib.sha256)
    return {"characters": len(text), "text_hash": mark.hexdigest()[:16]}


def without(said: str, texts: tuple[str, ...]) -> str:
    """The same without what it has of the texts."""
    for text in texts:
        for form in _forms(text):
            said = _without(said, form)
    return said


def _without(said: str, form: str) -> str:
    if len(form) <= _RUN:
        return said.replace(form, REMOVED) if len(form) > 1 else said
    runs = _runs(form)
    pieces: list[str] = []
    kept = at = 0
    while at + _RUN <= len(said):
        if said[at : at + _RUN] not in runs:
            at += 1
            continue
        end = at + _RUN
        while end < len(said) and said[end - _RUN + 1 : end + 1] in runs:
            end += 1
        pieces += (said[kept:at], REMOVED)
        kept = at = end
    return "".join((*pieces, said[kept:]))


@lru_cache(maxsize=4)
def _runs(form: str) -> frozenset[str]:
    return frozenset(form[at : at + _RUN] for at in range(len(form) - _RUN + 1))


@lru_cache(maxsize=4)
def _forms(text: str) -> tuple[str, ...]:
    """As it is, and as Python and JSON show it."""
    return tuple(dict.fromkeys(_written(text)))


def _written(text: str) -> Iterator[str]:
    yield text
    yield repr(text)[1:-1]
    yield json.dumps(text)[1:-1]
    yield repr(text.encode("utf-8", "surrogatepass"))[2:-1]
