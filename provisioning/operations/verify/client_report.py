"""Everything that a client saw. Plain data."""

from dataclasses import dataclass, field

from provisioning.facts.http_replies import HttpReply
from provisioning.facts.neighbours import Way
from provisioning.facts.speech import Speech


@dataclass(frozen=True, slots=True)
class ClientReport:
    """Answers to one client."""

    replies: dict[str, tuple[HttpReply, ...]] = field(default_factory=dict)
    """By endpoint of the VIP."""
    ways: dict[str, Way] = field(default_factory=dict)
    """By address."""
    speech: Speech | None = None
    """A synthesis through the VIP; nothing where none was asked for."""
    problem: str = ""
    """Reason for which nothing could be seen from there; empty where something was."""
