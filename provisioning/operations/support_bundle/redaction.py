"""Remove secrets from text that is handed on. Pure.

Two ways together: known values are removed wherever they stand, and anything that looks like a
secret is removed too, as a host may still have one that has left the inventory.
"""

import json
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping

REMOVED = "(removed)"

_SHORTEST = 3
"""Characters; a shorter value is removed only where it looks like a secret."""
_WORDS = r"pass|secret|token|credential|auth|api_?key|private_?key"
_PATTERNS = (
    re.compile(r"(?i)(\b(?:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{8,}"),
    # keepalived.conf(5)
    re.compile(r"(\bauth_(?:pass|key)\s+)(?:\"[^\"\n]*\"|\S+)"),
    # NAME=value, as environments and options have it
    re.compile(
        rf"(?i)(\b[\w-]*(?:{_WORDS})[\w-]*=)(?:\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*'|[^\s,;}}]+)"
    ),
    # "name": "value" and name: value, as JSON and YAML have it; a source of a secret is none
    re.compile(
        rf"(?i)(\b[\w-]*(?:{_WORDS})[\w-]*\"?:[ \t]*)"
        r"(?:\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*'|[^\s\"'{\[|>!#,][^\s,}]*)"
    ),
    re.compile(r"(\w+://[^\s:/@]*:)[^\s/@]+(?=@)"),
)
_BLOCKS = (
    re.compile(r"()-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*-----|\Z)", re.DOTALL),
    re.compile(r"(\$ANSIBLE_VAULT;[^\n]*\n)(?:[ \t]*[0-9a-f]+\n?)+"),
)
_TEXT = re.compile(r'("text": )"(?:[^"\\]|\\.)*"')
_SECRET_NAME = re.compile(_WORDS + "|key", re.IGNORECASE)


class Redactor:
    """Removes these values, in every way in which they may be written, and what looks secret."""

    def __init__(self, secrets: Iterable[str]) -> None:
        written = {form for secret in secrets for form in _forms(secret)}
        # The longest first: one may be part of another.
        ordered = sorted(written, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, ordered))) if ordered else None

    def clean(self, text: str) -> str:
        """The text without them."""
        if self._known is not None:
            text = self._known.sub(REMOVED, text)
        for pattern in (*_BLOCKS, *_PATTERNS):
            text = pattern.sub(rf"\1{REMOVED}", text)
        return text


def without_texts(log: str) -> str:
    """Lines of the app's, where they hold texts to be spoken (``app.log_texts``), without those."""
    return _TEXT.sub(rf'\1"{REMOVED}"', log)


def secret_variables(variables: Mapping[str, object]) -> Iterator[str]:
    """Values of variables whose names say that they are secret."""
    for name, value in variables.items():
        if _SECRET_NAME.search(name):
            yield str(value)


def _forms(secret: str) -> set[str]:
    """As it is, and as JSON, a shell and an environment file have it; of several lines each."""
    quoted = secret
    for character in '\\"$`':
        quoted = quoted.replace(character, f"\\{character}")
    forms = {
        secret,
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        shlex.quote(secret),
        quoted,
        # Keepalived takes eight characters of a password.
        secret[:8],
        *secret.splitlines(),
        # The password in a URL, which may be told by itself.
        *re.findall(r"://[^\s:/@]*:([^\s/@]+)@", secret),
    }
    return {form for form in forms if len(form) >= _SHORTEST}
