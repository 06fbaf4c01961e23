"""The language of a text, among those that an engine's voices speak."""

import functools
from collections.abc import Collection
from typing import Protocol

from ..reading.words import HAN, KANA

_SURE = 0.5
"""Probability from which the identification counts."""


def language_of(text: str, languages: Collection[str]) -> str:
    """The language of ``text``, one of ``languages`` (primary subtags); empty where it is none of
    them for sure, as with a number or a name.

    Chinese is known by its script. The first call for anything else loads py3langid's model: a
    second and a hundred megabytes. Call it in a thread.
    """
    if len(set(languages)) < 2:
        return ""
    if "zh" in languages and HAN.search(text) and not KANA.search(text):
        # No other voice reads it, whatever else there is in the text.
        return "zh"
    if text.isascii() and len(text.split()) < 2:
        # "Kubernetes" is no German.
        return ""
    identifier = _identifier(frozenset(languages))
    if identifier is None:
        return ""
    language, probability = identifier.classify(text)
    return language if probability >= _SURE else ""


class _Identifier(Protocol):
    def classify(self, text: str) -> tuple[str, float]: ...


@functools.cache
def _identifier(languages: frozenset[str]) -> _Identifier | None:
    from py3langid import langid

    identifier = langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE, norm_probs=True)
    known = sorted(languages & set(identifier.labels))
    if len(known) < 2:
        return None
    identifier.set_languages(known)
    chosen: _Identifier = identifier
    return chosen
