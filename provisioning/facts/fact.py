"""A question to a host and the parser of its answer. Pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from provisioning.resources.base import Observation

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Fact(Generic[T]):
    """One question to a host."""

    name: str
    """Unique among the facts of one host: two of one name are the same question. No blanks."""
    fragment: str
    """POSIX sh that prints the answer and changes nothing."""
    parse: Callable[[Observation], T]
    """Value of the answer; raises a ``ClusterError`` where there is none."""


class Answers:
    """Answers of one host. Each is parsed where its value is asked for, so that one that makes no
    sense costs no other."""

    def __init__(self, found: Mapping[str, Observation]) -> None:
        self._found = found

    def __getitem__(self, fact: Fact[T]) -> T:
        """Value of a fact that was gathered. Raises what its parser raises."""
        return fact.parse(self._found[fact.name])


@dataclass(frozen=True, slots=True)
class View(Generic[T]):
    """Several facts of one host and their combination."""

    facts: tuple[Fact[Any], ...]
    combine: Callable[[Answers], T]
    """Typed view of the answers; raises what their parsers raise."""


def fragments(facts: Iterable[Fact[Any]]) -> dict[str, str]:
    """Fragments of one script, by the names of their facts."""
    return {fact.name: fact.fragment for fact in facts}


def printed(observation: Observation) -> str:
    """Standard output, as it is."""
    return observation.stdout


def succeeded(observation: Observation) -> bool:
    """True if the fragment ended with status 0."""
    return observation.status == 0
