"""Cards that the app on a node took out of service, by its own account. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from ...node_api import CardEvent, GpuHealth


@dataclass(frozen=True, slots=True)
class CardOut:
    """A card whose slots take no jobs."""

    gpu: int
    reason: str
    back_in: float | None
    """Seconds until it is back if it stays whole; nothing while it is in trouble."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that became of a card, or of the node for its cards."""

    time: str
    """UTC, ISO 8601."""
    event: str
    """``out``, ``back``; of the node ``node out``, ``node back``, ``node stays``."""
    gpu: int | None
    """Nothing where it is of the node."""
    reason: str


@dataclass(frozen=True, slots=True)
class CardService:
    """State of a node's cards towards its slots."""

    mode: str = ""
    """``drain``, or ``report``; empty where it does not tell."""
    out: tuple[CardOut, ...] = ()
    stays: str = ""
    """Reason for which the node stays in service without a whole card; empty where it does not."""
    history: tuple[Event, ...] = ()
    """The latest events, the oldest first."""


def card_service(told: GpuHealth | None) -> CardService:
    """Parse ``gpu_health`` of the node's status. Raises KeyError, TypeError."""
    if told is None:
        return CardService()
    return CardService(
        mode=str(told["mode"]),
        out=tuple(CardOut(int(c["gpu"]), str(c["reason"]), c["back_in"]) for c in told["out"]),
        stays=str(told["stays"]),
        history=tuple(map(_event, told["history"])),
    )


def cards_together(services: Sequence[CardService]) -> CardService:
    """The cards of several nodes of one host, each of which has slots on its own."""
    stays = "; ".join(dict.fromkeys(one.stays for one in services if one.stays))
    out = {card.gpu: card for one in services for card in one.out}
    history = dict.fromkeys(event for one in services for event in one.history)
    return CardService(
        mode=services[0].mode,
        out=tuple(out.values()),
        stays=stays,
        history=tuple(sorted(history, key=lambda event: event.time)),
    )


def _event(told: CardEvent) -> Event:
    return Event(str(told["time"]), str(told["event"]), told["gpu"], str(told["reason"]))
