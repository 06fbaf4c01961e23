"""Everything that a client saw. Plain data."""

from dataclasses import dataclass, field

from ...facts.app.speech import Speech
from ...facts.http_replies import HttpReply
from ...facts.lan.neighbours import Way
from ...facts.lan.tcp_scan import Accepted


@dataclass(frozen=True, slots=True)
class ClientReport:
    """Answers to one client."""

    replies: dict[str, tuple[HttpReply, ...]] = field(default_factory=dict)
    """By endpoint of the VIP."""
    ways: dict[str, Way] = field(default_factory=dict)
    """By address."""
    speech: Speech | None = None
    """A synthesis through the VIP; nothing where none was asked for."""
    accepted: tuple[Accepted, ...] = ()
    """Places that took a connection, of those that not everybody may ask; none were tried without
    a firewall."""
    problem: str = ""
    """Reason for which nothing could be seen from there; empty where something was."""
