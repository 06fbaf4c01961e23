"""The language of a text, among those that an engine's voices speak."""

import functools
from collections.abc import Collection
from typing import Protocol

_SURE = 0.5
"""Probability from which the identification counts."""


def language_of(text: str, languages: Collection[str]) -> str:
    """The language of ``text``, one of ``languages`` (primary subtags); empty where it is none of
    them for sure, as with a number or a name.

    The first call loads py3langid's model: a second and a hundred megabytes. Call it in a thread.
    """
    if len(set(languages)) < 2:
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
