"""Health checks as a real server itself gets them answered, with the app's account of itself in the
same probe. Pure but for reading package data."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..model.address import IPAddress, endpoint
from ..model.derived.nodes import nodes_of
from ..model.derived.resolve import address_for, virtual_services
from ..model.inventory import Inventory
from ..model.service import HttpCheck, VirtualService, check_path, serves
from ..node_api import STATUS
from ..resources.base import Observation
from .app.status import AppAnswer, read_status, together
from .app.target import app_target, of_node, service_target
from .fact import Fact
from .http_replies import HttpReply, HttpTarget, http_probe, parse_replies
from .probe import ProbeError

_PATIENCE = 3
"""Seconds that a GET may take."""
_APP = "app"


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer to a GET that a host made on itself."""

    ok: bool
    """True if its status is the one that the inventory's health check wants."""
    text: str
    """The answer, or why there was none, in one line."""


@dataclass(frozen=True, slots=True)
class HealthChecks:
    """Answers of one real server."""

    answers: dict[str, Answer]
    """By endpoint: at its own addresses and at each VIP, for every service."""
    app: AppAnswer
    nodes: Mapping[str, AppAnswer] = field(default_factory=dict)
    """The same of each node by itself."""


def health_checks(inventory: Inventory, name: str) -> Fact[HealthChecks]:
    """Health checks of every service that a real server serves."""
    places = _places(inventory, name)
    targets = {
        endpoint(address, service.port): service_target(
            inventory, service, address, check_path(service)
        )
        for address, service in places
    }
    nodes = nodes_of(inventory, name) if places or inventory.app.per_gpu else ()
    apps = {of_node(_APP, node): app_target(inventory, node, STATUS) for node in nodes}
    names = {node.name for node in nodes}

    def parse(found: Observation) -> HealthChecks:
        try:
            replies = parse_replies(found)
        except ProbeError as error:
            python = inventory.app.base_python
            failed = Answer(False, f"the probe did not run with {python}: {error}")
            none = AppAnswer(None, failed.text)
            return HealthChecks(dict.fromkeys(targets, failed), none, dict.fromkeys(names, none))
        answers = {
            place: _answer(replies[place][0], _wanted_status(service), names)
            for place, service in (
                (endpoint(address, service.port), service) for address, service in places
            )
        }
        said = {node.name: read_status(replies[of_node(_APP, node)]) for node in nodes}
        return HealthChecks(answers, together(name, said) if said else AppAnswer(None), said)

    return Fact("health_checks", _probe(inventory, targets | apps), parse)


def _probe(inventory: Inventory, targets: dict[str, HttpTarget]) -> str:
    return http_probe(targets, patience=_PATIENCE, python=str(inventory.app.base_python))


def _places(inventory: Inventory, name: str) -> list[tuple[IPAddress, VirtualService]]:
    """Places where the host must answer: its own addresses and the VIPs, on each service's port;
    where edges are alone, at the address that these ask at."""
    host = inventory.real_servers.hosts[name]
    services = [service for service in virtual_services(inventory) if serves(service, name)]
    places = [] if inventory.virtual_ips else [(host.address, service) for service in services]
    for vip in (vip.address.ip for vip in inventory.virtual_ips):
        own = address_for(host, vip)
        for service in services:
            places += [(address, service) for address in (own, vip) if address is not None]
    return list(
        {(address, service.port): (address, service) for address, service in places}.values()
    )


def _wanted_status(service: VirtualService) -> int:
    return service.check.status if isinstance(service.check, HttpCheck) else 200


def _answer(reply: HttpReply, wanted: int, names: set[str]) -> Answer:
    if reply.status is None:
        return Answer(False, reply.error)
    if reply.node is not None and reply.node not in names:
        # Without the VIP on lo, its packets leave the host and come to another.
        return Answer(False, f"answered by {reply.node}")
    body = " ".join(reply.text.split())[:160]
    return Answer(reply.status == wanted, f"{reply.status} {body}".strip())
