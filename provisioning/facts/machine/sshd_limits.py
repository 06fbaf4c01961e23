"""Limits of a host's sshd, as `sshd -T` prints them (sshd_config(5)). Pure."""

from dataclasses import dataclass

from ...resources.base import Observation
from ..fact import Fact


@dataclass(frozen=True, slots=True)
class SshdLimits:
    """Nothing where they could not be told."""

    sessions: int | None
    """MaxSessions: in one connection."""
    startups: int | None
    """MaxStartups: logins under way, before some are refused."""


def _parse(found: Observation) -> SshdLimits:
    said = {word: rest for word, _, rest in (x.partition(" ") for x in found.stdout.splitlines())}
    return SshdLimits(_number(said.get("maxsessions")), _number(said.get("maxstartups")))


def _number(text: str | None) -> int | None:
    first = (text or "").partition(":")[0]
    return int(first) if first.isdecimal() else None


SSHD_LIMITS = Fact("sshd_limits", "/usr/sbin/sshd -T 2>/dev/null || :", _parse)
