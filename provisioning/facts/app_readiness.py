"""Readiness of the app on a node, with its account of itself in the same probe. Pure but for
reading package data."""

from dataclasses import dataclass

from provisioning.facts.app_status import AppAnswer, read_status
from provisioning.facts.app_target import app_target
from provisioning.facts.fact import Fact
from provisioning.facts.http_replies import http_probe, parse_replies
from provisioning.facts.probe import ProbeError
from provisioning.model.inventory import Inventory
from provisioning.node_api import READY, STATUS
from provisioning.resources.base import Observation


@dataclass(frozen=True, slots=True)
class AppReadiness:
    """One look at it."""

    ready: bool
    """True if the readiness check passes."""
    app: AppAnswer


def app_readiness(inventory: Inventory, name: str, *, patience: int) -> Fact[AppReadiness]:
    """Readiness of a real server, which gets ``patience`` seconds for each answer."""
    targets = {path: app_target(inventory, name, path) for path in (READY, STATUS)}
    python = str(inventory.app.base_python)
    return Fact("app_readiness", http_probe(targets, patience=patience, python=python), _parse)


def _parse(found: Observation) -> AppReadiness:
    try:
        replies = parse_replies(found)
    except ProbeError as error:
        return AppReadiness(False, AppAnswer(None, str(error)))
    return AppReadiness(replies[READY][0].status == 200, read_status(replies[STATUS]))
