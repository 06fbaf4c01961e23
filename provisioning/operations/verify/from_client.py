"""The client's part of the proof: all its facts in one round trip."""

from dataclasses import replace

from provisioning.facts.app_target import service_target
from provisioning.facts.fact import Answers, Fact
from provisioning.facts.gather import gather
from provisioning.facts.http_replies import HttpReplies, http_probe, parse_replies
from provisioning.facts.neighbours import Way, neighbours
from provisioning.facts.probe import ProbeError
from provisioning.facts.speech import Speech, patience, speech
from provisioning.model.inventory import Inventory
from provisioning.node_api import SPEECH, STATUS
from provisioning.operations.verify.client_report import ClientReport
from provisioning.operations.verify.vantage_point import VantagePoint
from provisioning.roles.wanted_services import WantedService
from provisioning.transport.base import SudoError, TransportError

_TIMEOUT = 5
"""Seconds a request may take."""


def look_from(
    place: VantagePoint,
    inventory: Inventory,
    wanted: dict[str, tuple[WantedService, int]],
    *,
    speak: bool,
) -> ClientReport:
    """Report of a client there. ``wanted`` holds each virtual service by its endpoint, with the
    number of connections to make to it. Never raises for what happens there."""
    replies = _replies(wanted)
    ways = neighbours([str(vip.address.ip) for vip in inventory.virtual_ips])
    spoken = _speech(inventory, wanted) if speak and wanted else None
    # Order matters: the neighbour cache is read once there was traffic, and IPVS counts up to
    # two seconds late, which the synthesis bridges.
    facts = (replies, ways, *((spoken,) if spoken else ()))
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
    return _report(seen, replies, ways, spoken)


def _report(
    seen: Answers,
    replies: Fact[HttpReplies],
    ways: Fact[dict[str, Way]],
    spoken: Fact[Speech] | None,
) -> ClientReport:
    try:
        return ClientReport(seen[replies], seen[ways], seen[spoken] if spoken else None)
    except ProbeError as error:
        return ClientReport(problem=f"the probe did not run: {error}; it needs python3 there")


def _replies(wanted: dict[str, tuple[WantedService, int]]) -> Fact[HttpReplies]:
    targets = {
        place: replace(service_target(one.service, one.vip, STATUS), times=times)
        for place, (one, times) in wanted.items()
    }
    return Fact("vip_replies", http_probe(targets, patience=_TIMEOUT), parse_replies)


def _speech(inventory: Inventory, wanted: dict[str, tuple[WantedService, int]]) -> Fact[Speech]:
    first, _ = next(iter(wanted.values()))
    return speech(inventory, service_target(first.service, first.vip, SPEECH))
