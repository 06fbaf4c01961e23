"""Addresses of pages and of mail, as they are said."""

import re
from urllib.parse import urlsplit

from .words import Words

_URL = re.compile(r"(?:https?://|\bwww\.)[A-Za-z0-9._~:/?#@!$&'*+,;=%\[\]-]+", re.IGNORECASE)
_TRAILING = ".,;:!?'*~_]"
"""Characters that end the sentence around an address rather than the address."""
# Begins where such a word begins, so that a long one is looked at once.
_MAIL = re.compile(
    r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+"
)
_SHORT_PATH = re.compile(r"(?:/[A-Za-z0-9._-]+)+")
_PATH_LENGTH = 30
"""Characters of a path that a person would still say."""


def with_addresses_said(text: str, words: Words) -> str:
    """The text with its addresses as words: of a page the host, and the path if it is short."""
    text = _URL.sub(lambda match: _page(match[0], words), text)
    return _MAIL.sub(lambda match: _mail(match[0], words), text)


def _page(written: str, words: Words) -> str:
    address = written.rstrip(_TRAILING)
    after = written[len(address) :]
    if not address.lower().startswith("http"):
        address = f"//{address}"
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        return written
    path = parts.path.rstrip("/")
    short = not (parts.query or parts.fragment) and len(path) <= _PATH_LENGTH
    said = host.removeprefix("www.").replace(".", words.dot)
    if short and _SHORT_PATH.fullmatch(path):
        said += "".join(words.slash + _said(part, words) for part in path.split("/")[1:])
    return said + after


def _mail(address: str, words: Words) -> str:
    person, _, host = address.rpartition("@")
    return _said(person, words) + words.at + host.replace(".", words.dot)


def _said(part: str, words: Words) -> str:
    return part.replace(".", words.dot).replace("_", words.underscore)
