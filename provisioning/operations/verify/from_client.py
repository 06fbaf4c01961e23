"""Sends the probes to the client's place: one round trip."""

from provisioning.engine.observe import run_fragments
from provisioning.model.inventory import Inventory
from provisioning.node_api import SPEECH, STATUS, speech_body
from provisioning.operations.probes.fragment import python_probe
from provisioning.operations.status.look_real_server import speaks_tls
from provisioning.operations.status.wanted import WantedService
from provisioning.operations.verify import client_report, speech
from provisioning.operations.verify.client_report import ClientReport, parse_report
from provisioning.operations.verify.place import Place
from provisioning.transport.base import SudoError, TransportError

_TIMEOUT = 5
"""Seconds a request may take."""
_MARGIN = 30
"""Seconds that a synthesis may take beyond the app's own limit, for waiting in the queue."""


def look_from(
    place: Place, inventory: Inventory, wanted: dict[str, tuple[WantedService, int]], *, speak: bool
) -> ClientReport:
    """What is seen from there. ``wanted`` holds each virtual service by its endpoint, with the
    number of connections to make to it. Never raises for what happens there."""
    # Order matters: the neighbour cache is read once there was traffic, and IPVS counts up to
    # two seconds late, which the synthesis bridges.
    asked = {
        client_report.HTTP: python_probe("http_get", _gets(wanted)),
        client_report.NEIGHBOUR: python_probe(
            "neighbour", [str(vip.address.ip) for vip in inventory.virtual_ips]
        ),
    }
    longest = sum(3 * _TIMEOUT + times for _, times in wanted.values()) + 30.0
    if speak and wanted:
        target, _ = next(iter(wanted.values()))
        patience = inventory.app.job_timeout + _MARGIN
        asked[client_report.SPEECH] = python_probe("speech", _speech(target, patience))
        longest += patience
    try:
        try:
            found = run_fragments(place.name, place.transport, asked, timeout=longest)
        except SudoError:
            # Only the question who else answers for the VIP needs root.
            found = run_fragments(place.name, place.transport, asked, root=False, timeout=longest)
    except TransportError as error:
        return ClientReport(problem=str(error))
    return parse_report(found)


def _gets(wanted: dict[str, tuple[WantedService, int]]) -> dict[str, object]:
    return {
        "timeout": _TIMEOUT,
        "targets": {
            place: {
                "address": str(one.vip),
                "port": one.service.port,
                "tls": speaks_tls(one.service),
                "path": STATUS,
                "times": times,
            }
            for place, (one, times) in wanted.items()
        },
    }


def _speech(target: WantedService, patience: int) -> dict[str, object]:
    return {
        "address": str(target.vip),
        "port": target.service.port,
        "tls": speaks_tls(target.service),
        "path": SPEECH,
        "body": speech_body(speech.TEXT),
        "timeout": patience,
    }
