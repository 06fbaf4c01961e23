"""The client's part of the proof: all its facts in one round trip."""

from dataclasses import replace

from ...facts.app.speech import Speech, patience, speech
from ...facts.app.target import service_target
from ...facts.fact import Answers, Fact
from ...facts.gather import gather
from ...facts.http_replies import HttpReplies, http_probe, parse_replies
from ...facts.lan.neighbours import Way, neighbours
from ...facts.lan.tcp_scan import Accepted, tcp_scan
from ...facts.probe import ProbeError
from ...model.derived.nodes import host_of
from ...model.derived.way_in import way_in_vips
from ...model.inventory import Inventory
from ...node_api import HEALTH, SPEECH
from ...resources.base import Observation
from ...roles.wanted_services import WantedService
from ...transport.base import SudoError, TransportError
from .client_report import ClientReport
from .closed_ports import places_to_scan
from .edges import edge_speech, edge_targets
from .vantage_point import VantagePoint

_TIMEOUT = 5
"""Seconds a request may take."""
_SILENCE = 2.0
"""Seconds after which a port that does not answer counts as closed."""


def look_from(
    place: VantagePoint,
    inventory: Inventory,
    wanted: dict[str, tuple[WantedService, int]],
    *,
    speak: bool,
) -> ClientReport:
    """Report of a client there. ``wanted`` holds each virtual service by its endpoint, with the
    number of connections to make to it. Never raises for what happens there."""
    replies = _replies(inventory, wanted)
    ways = neighbours([str(vip.address.ip) for vip in way_in_vips(inventory)])
    spoken = _speech(inventory, wanted) if speak else None
    # Order matters: the neighbour cache is read once there was traffic, and IPVS counts up to
    # two seconds late, which the synthesis bridges.
    scan = _scan(inventory)
    facts = (replies, ways, *((spoken,) if spoken else ()), *((scan,) if scan else ()))
    longest = sum(3 * _TIMEOUT + times for _, times in wanted.values()) + 30.0
    longest += patience(inventory) if spoken else 0
    try:
        try:
            seen = gather(place.name, place.transport, facts, timeout=longest)
        except SudoError:
            # Only the question who else answers for the VIP needs root.
            seen = gather(place.name, place.transport, facts, root=False, timeout=longest)
    except TransportError as error:
        return ClientReport(problem=str(error))
    return _report(seen, replies, ways, spoken, scan)


def _report(
    seen: Answers,
    replies: Fact[HttpReplies],
    ways: Fact[dict[str, Way]],
    spoken: Fact[Speech] | None,
    scan: Fact[tuple[Accepted, ...]] | None,
) -> ClientReport:
    try:
        said = seen[spoken] if spoken else None
        return ClientReport(seen[replies], seen[ways], said, seen[scan] if scan else ())
    except ProbeError as error:
        return ClientReport(problem=f"the probe did not run: {error}; it needs python3 there")


def _scan(inventory: Inventory) -> Fact[tuple[Accepted, ...]] | None:
    places = places_to_scan(inventory)
    return tcp_scan(places, patience=_SILENCE) if places else None


def _replies(
    inventory: Inventory, wanted: dict[str, tuple[WantedService, int]]
) -> Fact[HttpReplies]:
    targets = {
        place: replace(service_target(inventory, one.service, one.vip, HEALTH), times=times)
        for place, (one, times) in wanted.items()
    }
    targets |= edge_targets(inventory)

    def parse(found: Observation) -> HttpReplies:
        # Directors know hosts, and not which of their nodes is behind a port.
        return {
            place: tuple(replace(one, node=host_of(inventory, one.node)) for one in replies)
            for place, replies in parse_replies(found).items()
        }

    return Fact("vip_replies", http_probe(targets, patience=_TIMEOUT), parse)


def _speech(
    inventory: Inventory, wanted: dict[str, tuple[WantedService, int]]
) -> Fact[Speech] | None:
    """Through the directors' first service; through the edges where these are alone."""
    for first, _ in wanted.values():
        return speech(inventory, service_target(inventory, first.service, first.vip, SPEECH))
    target = edge_speech(inventory)
    return speech(inventory, target) if target else None
