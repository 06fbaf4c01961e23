"""A question of ``cluster init``, as data: what it says, and what is right for an answer. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ...roles.question import is_none
from .seen import Seen


@dataclass(frozen=True, slots=True)
class Known:
    """All that is known when a question is asked."""

    answers: Mapping[str, str] = field(default_factory=dict)
    """Earlier ones, by the question's key."""
    seen: Mapping[str, Seen] = field(default_factory=dict)
    """Machines that were looked at, by the host's name."""
    defaults: Mapping[str, str] = field(default_factory=dict)
    """What another inventory says."""
    folder: Path = Path()
    """Where the inventory will be, from which relative paths start."""

    def answer(self, key: str) -> str:
        """An earlier answer; empty where it was not asked for."""
        return self.answers.get(key, "")

    def without(self, key: str) -> bool:
        """Tell whether the answer was that there is none, or nobody was asked."""
        return not self.answer(key) or is_none(self.answer(key))


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One question."""

    key: str
    option: str
    """That answers it on the command line."""
    metavar: str | None
    help: str
    """Of the option."""
    text: Callable[[Known], str]
    """The question as it is asked."""
    more: str
    """Answer to a question mark."""
    default: Callable[[Known], str | None] = lambda _: None
    """Taken without an answer; None where only a person knows."""
    problem: Callable[[str, Known], str | None] = lambda _answer, _known: None
    """Reason for which an answer cannot be used, if any."""
    applies: Callable[[Known], bool] = lambda _: True
    """True where it has to be asked."""
    several: bool = False
    """True where the option may be repeated."""
    beyond: bool = False
    """True where the option takes more than the question offers."""
    yes_no: bool = False
    """True where the option is a switch."""
    about: tuple[str, ...] = ()
    """Keys of the inventory that the answer decides, for mistakes that are found there."""


def says(text: str) -> Callable[[Known], str]:
    """The same words, whatever is known."""
    return lambda _: text


def takes(default: str) -> Callable[[Known], str | None]:
    """The same default, whatever is known."""
    return lambda _: default


YES, NO = "yes", "no"
_WORDS = {"yes": YES, "y": YES, "true": YES, "是": YES, "no": NO, "n": NO, "false": NO, "否": NO}


def truth(answer: str) -> str | None:
    """``YES`` or ``NO``; None where it is neither."""
    return _WORDS.get(answer.strip().lower())
