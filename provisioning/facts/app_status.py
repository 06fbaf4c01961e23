"""State of the app on a node, by its own account. Pure but for reading package data."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..model.inventory import Inventory
from ..node_api import STATUS, Status
from ..resources.base import Observation
from .app_target import app_target
from .card_service import CardService, card_service
from .fact import Fact
from .http_replies import HttpReply, http_probe, parse_replies
from .probe import ProbeError


@dataclass(frozen=True, slots=True)
class AppStatus:
    """State that the app reports."""

    node: str
    version: str
    release: str | None
    draining: bool
    """True if it takes no new work, so that it can be stopped without harm."""
    running: int
    """Jobs at work."""
    waiting: int
    """Jobs in the queue."""
    not_ready: str = ""
    """Reason for which it should get no clients; empty where it should."""
    requests: int | None = None
    """Requests under way, without pages that are just open; nothing where it does not tell."""
    pages: int | None = None
    """Pages that are open in browsers; nothing where it does not tell."""
    slots: int = 0
    """Jobs that it can do at a time."""
    places: int = 0
    """Jobs that may wait."""
    engine: str = ""
    """Name of what speaks; empty where it does not tell."""
    starting: tuple[str, ...] = ()
    """Reasons for which workers have not proved themselves yet."""
    cards: CardService = field(default_factory=CardService)

    @property
    def out_for_its_cards(self) -> bool:
        """True if it is not ready for its cards alone."""
        reasons = {card.reason for card in self.cards.out}
        return bool(reasons) and {*self.not_ready.split("; ")} <= reasons


@dataclass(frozen=True, slots=True)
class AppAnswer:
    """The app's account of itself, or why there is none."""

    status: AppStatus | None
    problem: str = ""
    """Reason for which there is no status."""
    down: bool = False
    """True if nothing listens where the app would."""

    @property
    def not_ready(self) -> str:
        """Reason for which it should get no clients; empty where it should."""
        return self.problem if self.status is None else self.status.not_ready


def app_status(inventory: Inventory, name: str, *, patience: int = 3) -> Fact[AppAnswer]:
    """State of the app on a real server, which gets ``patience`` seconds to answer."""
    targets = {STATUS: app_target(inventory, name, STATUS)}
    python = str(inventory.app.base_python)
    return Fact("app_status", http_probe(targets, patience=patience, python=python), _parse)


def read_status(replies: Sequence[HttpReply]) -> AppAnswer:
    """The app's answer on ``/cluster/status``."""
    reply = replies[0]
    if reply.status is None:
        return AppAnswer(None, reply.error, reply.refused)
    try:
        return AppAnswer(_status(json.loads(reply.text)))
    except (KeyError, ValueError, TypeError, AttributeError):
        return AppAnswer(None, f"status {reply.status}, not a status of the app")


def _parse(found: Observation) -> AppAnswer:
    try:
        return read_status(parse_replies(found)[STATUS])
    except ProbeError as error:
        return AppAnswer(None, str(error))


def _status(body: Status) -> AppStatus:
    opened = body.get("open")
    return AppStatus(
        node=str(body["node"]),
        version=str(body["version"]),
        release=body.get("release"),
        draining=bool(body["draining"]),
        running=int(body["jobs"]["running"]),
        waiting=int(body["jobs"]["waiting"]),
        not_ready=str(body.get("reason", "")),
        requests=int(opened["answers"]) if opened else None,
        pages=int(opened["pages"]) if opened else None,
        slots=int(body.get("capacity", 0)),
        engine=str(body.get("engine", {}).get("name", "")),
        places=int(body.get("queue_size", 0)),
        cards=card_service(body.get("gpu_health")),
        starting=tuple(filter(None, map(_detail, body.get("workers", ())))),
    )


def _detail(worker: Mapping[str, object]) -> str:
    """Releases that lie on hosts may have the key ``trouble``."""
    return str(worker.get("detail", worker.get("trouble", "")))
