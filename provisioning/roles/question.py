"""The question of ``cluster init`` for a role's hosts, and the inventory it makes of the answer."""

import json
import re
import unicodedata
from dataclasses import dataclass
from ipaddress import ip_address

from ..errors import ClusterError

_NONE = ("none", "no", "-", "无")


class AnswerError(ClusterError):
    """An answer that cannot become an inventory; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question for addresses of hosts."""

    key: str
    """Of the group in the inventory."""
    option: str
    """That answers it on the command line."""
    help: str
    metavar: str = "[NAME=]ADDRESS"
    text: str
    prefix: str
    """Of the names of hosts that are given by address alone."""
    comment: str
    """Lines above the group."""
    several: bool = True
    """True where it takes several hosts, and the option may be repeated."""
    optional: bool = False
    """True where "none" is an answer, and the usual one."""
    dispensable: bool = False
    """True where "none" is an answer too, and an unusual one."""

    @property
    def default(self) -> str | None:
        """Return what is taken without an answer; ``None`` where there must be one."""
        return "none" if self.optional else None

    @property
    def prompt(self) -> str:
        """The question as it is asked."""
        if not self.several:
            return self.text
        return f"{self.text} (separated by spaces; NAME=ADDRESS to name them)"

    @property
    def _may_be_none(self) -> bool:
        return self.optional or self.dispensable

    def problem(self, answer: str) -> str | None:
        """Say why an answer cannot be used; ``None`` where it can."""
        if self._may_be_none and is_none(answer):
            return None
        names = []
        for text in split((answer,)):
            name, equals, address = clean(text).rpartition("=")
            if problem := address_problem(address):
                return problem
            if equals:
                names.append(name)
        if twice := [name for name in names if names.count(name) > 1]:
            return f"two hosts are called {twice[0]}; give each a name of its own"
        return None if split((answer,)) else "at least one address"

    def section(self, answers: tuple[str, ...]) -> str:
        """The group as it stands in the inventory, with its comment. Raises ``AnswerError``."""
        if self._may_be_none and all(is_none(answer) for answer in answers):
            return ""
        return f"{self.comment}{self.key}:\n{hosts_lines(answers, self.prefix)}"


def hosts_lines(answers: tuple[str, ...], prefix: str) -> str:
    """The hosts below a group's key. Raises ``AnswerError``."""
    members = [_member(text, f"{prefix}{number}") for number, text in enumerate(split(answers), 1)]
    names = [name for name, _ in members]
    for name in names:
        if names.count(name) > 1:
            raise AnswerError(f"two hosts are called {name}; give each a name of its own")
    lines = [f"    {scalar(name)}: {scalar(address)}\n" for name, address in members]
    return "  hosts:\n" + "".join(lines)


def scalar(text: str) -> str:
    """The text as it is where YAML takes it so, else in quotes (JSON's are YAML's)."""
    plain = re.fullmatch(r"[A-Za-z0-9/][A-Za-z0-9_./:@-]*[A-Za-z0-9_/]|[A-Za-z0-9]", text)
    return text if plain else json.dumps(text, ensure_ascii=False)


def split(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Several answers in one, with any usual sign between them."""
    return tuple(part for text in texts for part in re.split(r"[\s,，、;；]+", text) if part)


def clean(text: str) -> str:
    """The text without the full-width forms of a Chinese keyboard."""
    return unicodedata.normalize("NFKC", text.strip()).replace("。", ".")


def is_none(answer: str) -> bool:
    """Tell whether the answer is that there is none."""
    return clean(answer).lower() in _NONE


def address_problem(text: str) -> str | None:
    """Say why a text is not an address; ``None`` where it is one."""
    try:
        ip_address(text)
    except ValueError:
        return f"{text!r} is no IP address, for example 192.168.1.11"
    return None


def _member(text: str, default: str) -> tuple[str, str]:
    name, equals, address = clean(text).rpartition("=")
    return name if equals else default, address
