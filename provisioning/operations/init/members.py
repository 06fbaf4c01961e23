"""Hosts that answers name. Pure."""

from collections.abc import Mapping

from ...roles.question import Member, Question
from ...roles.registry import ROLES


def questions() -> list[Question]:
    """Return what is asked about hosts, in order."""
    return [role.question for role in ROLES if role.question is not None]


def members_of(answers: Mapping[str, str], key: str) -> tuple[Member, ...]:
    """The hosts of one role."""
    asked = next(one for one in questions() if one.key == key)
    return asked.members(answers[key]) if answers.get(key) else ()


def member_names(answers: Mapping[str, str], key: str) -> list[str]:
    """Their names."""
    return [one.name for one in members_of(answers, key)]


def every_host(answers: Mapping[str, str]) -> dict[str, str]:
    """Names and addresses of all, each once."""
    found: dict[str, str] = {}
    for question in questions():
        for one in members_of(answers, question.key):
            found.setdefault(one.name, one.address)
    return found
