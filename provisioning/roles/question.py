"""The question of ``cluster init`` for a role's hosts, and the inventory it makes of the answer."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address

from ..errors import ClusterError
from ..model.base import NAME_PATTERN
from .flow import flow, scalar

_NONE = ("none", "no", "-", "无")

Keys = Mapping[str, Mapping[str, object]]
"""Further keys of hosts, by the name that each has in the inventory."""


class AnswerError(ClusterError):
    """An answer that cannot become an inventory; the message says why."""


@dataclass(frozen=True, slots=True)
class Member:
    """A host of an answer."""

    name: str
    """In the inventory."""
    address: str
    called: str = ""
    """Name that was given, where the inventory cannot have it: one in Chinese."""


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
    more: str = ""
    """Answer to a question mark; the option's help where it is empty."""
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
        if not split((answer,)):
            return "at least one address"
        if not self.several and len(split((answer,))) > 1:
            return "one host, not several"
        for text in split((answer,)):
            name, equals, address = clean(text).rpartition("=")
            if problem := address_problem(address):
                return problem
            if equals and not re.fullmatch(NAME_PATTERN, name) and (not name or name.isascii()):
                return (
                    f"{name!r} is no host's name: letters, digits, dots, - and _, such as "
                    f"{self.prefix}1"
                )
        return _twice(self.members(answer))

    def members(self, answer: str) -> tuple[Member, ...]:
        """The hosts that an answer names, as they are called in the inventory."""
        if self._may_be_none and is_none(answer):
            return ()
        return members((answer,), self.prefix)

    def section(
        self, answer: str, keys: Keys | None = None, settings: Mapping[str, object] | None = None
    ) -> str:
        """The group as it stands in the inventory, with its comment. ``keys`` are further ones of
        hosts, ``settings`` those of the group. Raises ``AnswerError``."""
        if not (found := self.members(answer)):
            return ""
        lines = "".join(f"  {key}: {flow(value)}\n" for key, value in (settings or {}).items())
        return f"{self.comment}{self.key}:\n{lines}{hosts_lines(found, keys)}"


def members(answers: tuple[str, ...], prefix: str) -> tuple[Member, ...]:
    """Hosts of answers, those without a name numbered behind ``prefix``."""
    return tuple(
        _member(text, f"{prefix}{number}") for number, text in enumerate(split(answers), 1)
    )


def hosts_lines(found: tuple[Member, ...], keys: Keys | None = None) -> str:
    """The hosts below a group's key. Raises ``AnswerError``."""
    if problem := _twice(found):
        raise AnswerError(problem)
    lines = []
    for one in found:
        more = (keys or {}).get(one.name)
        value = flow({"address": one.address, **more}) if more else scalar(one.address)
        comment = f"  # {one.called}" if one.called else ""
        lines.append(f"    {scalar(one.name)}: {value}{comment}\n")
    return "  hosts:\n" + "".join(lines)


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


def _twice(found: tuple[Member, ...]) -> str | None:
    names = [one.name for one in found]
    for name in names:
        if names.count(name) > 1:
            return f"two hosts are called {name}; give each a name of its own"
    return None


def _member(text: str, default: str) -> Member:
    name, equals, address = clean(text).rpartition("=")
    if equals and not name.isascii():
        return Member(default, address, name)
    return Member(name if equals else default, address)
