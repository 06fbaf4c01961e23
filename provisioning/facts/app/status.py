"""State of the app on a node, by its own account. Pure but for reading package data."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ...model.derived.nodes import nodes_of
from ...model.inventory import Inventory
from ...node_api import STATUS, Status
from ...resources.base import Observation
from ..fact import Fact
from ..http_replies import HttpReply, http_probe, parse_replies
from ..probe import ProbeError
from .card_service import CardService, card_service, cards_together
from .target import app_target, of_node


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
    """State of the app on a real server, of all its nodes together; each gets ``patience`` seconds
    to answer."""
    nodes = nodes_of(inventory, name)
    targets = {of_node(STATUS, node): app_target(inventory, node, STATUS) for node in nodes}
    python = str(inventory.app.base_python)

    def parse(found: Observation) -> AppAnswer:
        try:
            replies = parse_replies(found)
        except ProbeError as error:
            return AppAnswer(None, str(error))
        return together(
            name, {node.name: read_status(replies[of_node(STATUS, node)]) for node in nodes}
        )

    return Fact("app_status", http_probe(targets, patience=patience, python=python), parse)


def together(name: str, answers: Mapping[str, AppAnswer]) -> AppAnswer:
    """The answers of a real server's nodes as one: work is added up, reasons name their node. One
    that is down has no work; where one does not tell, nobody knows how much there is."""
    if len(answers) == 1:
        return next(iter(answers.values()))
    problems = "; ".join(f"{node}: {one.problem}" for node, one in answers.items() if one.problem)
    told = {node: one.status for node, one in answers.items() if one.status is not None}
    if not told or any(one.problem and not one.down for one in answers.values()):
        return AppAnswer(None, problems, all(one.down for one in answers.values()))
    statuses, first = told.values(), next(iter(told.values()))
    strange = next((one.node for node, one in told.items() if one.node != node), "")
    counted = [one.requests for one in statuses if one.requests is not None]
    opened = [one.pages for one in statuses if one.pages is not None]
    return AppAnswer(
        replace(
            first,
            node=strange or name,
            draining=all(one.draining for one in statuses),
            running=sum(one.running for one in statuses),
            waiting=sum(one.waiting for one in statuses),
            not_ready="; ".join(filter(None, (*_reasons(told), problems))),
            requests=sum(counted) if len(counted) == len(told) else None,
            pages=sum(opened) if len(opened) == len(told) else None,
            slots=sum(one.slots for one in statuses),
            places=sum(one.places for one in statuses),
            starting=tuple(detail for one in statuses for detail in one.starting),
            cards=cards_together([one.cards for one in statuses]),
        )
    )


def _reasons(told: Mapping[str, AppStatus]) -> list[str]:
    """Reasons not to be ready: once where all have it, else with the node's name."""
    by_node = {node: list(filter(None, one.not_ready.split("; "))) for node, one in told.items()}
    common = [
        reason
        for reason in next(iter(by_node.values()))
        if all(reason in others for others in by_node.values())
    ]
    own = [
        f"{node}: {reason}"
        for node, reasons in by_node.items()
        for reason in reasons
        if reason not in common
    ]
    return [*common, *own]


def read_status(replies: Sequence[HttpReply]) -> AppAnswer:
    """The app's answer on ``/cluster/status``."""
    reply = replies[0]
    if reply.status is None:
        return AppAnswer(None, reply.error, reply.refused)
    try:
        return AppAnswer(_status(json.loads(reply.text)))
    except (KeyError, ValueError, TypeError, AttributeError):
        return AppAnswer(None, f"status {reply.status}, not a status of the app")


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
