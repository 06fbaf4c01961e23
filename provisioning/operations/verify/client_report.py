"""What the client saw, from what the probes printed there. Pure."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from provisioning.operations.probes.fragment import ProbeError, answer
from provisioning.resources.base import Observation

HTTP, NEIGHBOUR, SPEECH = "client.http", "client.neighbour", "client.speech"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reply:
    """How one connection to a VIP was answered."""

    status: int | None
    node: str | None
    """Which node says that it answered."""
    error: str = ""
    """Why no HTTP answer came."""


@dataclass(frozen=True, slots=True)
class Way:
    """How the client reaches an address, and who says that it is theirs (MAC addresses)."""

    route: str
    """``link``, ``routed``, ``local`` or ``unknown``."""
    cached: str | None
    """Whom the client sends to."""
    owners: frozenset[str] | None
    """All who answer for it; nothing where that could not be asked."""
    problem: str = ""
    """Why it could not be asked."""


@dataclass(frozen=True, slots=True)
class Speech:
    """A synthesis through the VIP. Levels are dB below full scale."""

    status: int | None = None
    node: str | None = None
    seconds: float = 0.0
    """How long it took."""
    rate: int = 0
    """Samples a second."""
    length: float = 0.0
    """Seconds of sound."""
    level: float = 0.0
    loudest: float = 0.0
    softest: float = 0.0
    error: str = ""


@dataclass(frozen=True, slots=True)
class ClientReport:
    """All that the client saw."""

    replies: dict[str, tuple[Reply, ...]] = field(default_factory=dict)
    """By endpoint of the VIP."""
    ways: dict[str, Way] = field(default_factory=dict)
    """By address."""
    speech: Speech | None = None
    problem: str = ""
    """Why nothing could be seen from there; empty where something was."""


def parse_report(found: dict[str, Observation]) -> ClientReport:
    """Reads what the three probes printed."""
    try:
        replies = _read(found, HTTP, _replies)
        ways = _read(found, NEIGHBOUR, _ways)
        speech = _read(found, SPEECH, _speech) if SPEECH in found else None
    except ProbeError as error:
        return ClientReport(problem=f"the probe did not run: {error}; it needs python3 there")
    return ClientReport(replies, ways, speech)


def _read(found: dict[str, Observation], key: str, convert: Callable[[Any], T]) -> T:
    return convert(answer(found[key]))


def _replies(said: dict[str, list[dict[str, Any]]]) -> dict[str, tuple[Reply, ...]]:
    return {place: tuple(_reply(one) for one in replies) for place, replies in said.items()}


def _reply(said: dict[str, Any]) -> Reply:
    if "error" in said:
        return Reply(None, None, said["error"])
    return Reply(said["status"], said["node"])


def _ways(said: dict[str, dict[str, Any]]) -> dict[str, Way]:
    return {
        address: Way(
            way["route"],
            way["cached"],
            None if way["owners"] is None else frozenset(way["owners"]),
            way["problem"],
        )
        for address, way in said.items()
    }


def _speech(said: dict[str, Any]) -> Speech:
    return Speech(**{key: value for key, value in said.items() if key != "bytes"})
