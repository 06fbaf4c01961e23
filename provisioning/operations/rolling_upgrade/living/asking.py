"""Questions to a real server, asked on the host itself. Pure but for reading package data."""

import json
from typing import cast

from provisioning.facts.probe import ProbeError, answer, python_probe
from provisioning.facts.speech import SENTENCE
from provisioning.model.address import IPAddress
from provisioning.model.inventory import Inventory
from provisioning.model.resolve import address_for
from provisioning.model.service import VirtualService, serves, speaks_tls
from provisioning.node_api import SPEECH, STATUS, Status, speech_body
from provisioning.operations.rolling_upgrade.hands import AppDownError, HandError, Place
from provisioning.resources.base import Observation

_PATIENCE = 5
"""Seconds a GET may take."""
SPEECH_MARGIN = 30
"""Seconds that a synthesis may take beyond the app's own limit, for waiting in the queue."""


def gets(inventory: Inventory, host: str, paths: tuple[str, ...]) -> str:
    """Fragment that asks the app at the host's own address; ``reply`` reads it."""
    address, service = _place(inventory, host, "rip")
    targets = {path: {**_target(address, service), "path": path, "times": 1} for path in paths}
    asked = {"timeout": _PATIENCE, "targets": targets}
    return python_probe("http_get", asked, python=str(inventory.app.base_python))


def reply(found: Observation, path: str) -> tuple[int, str]:
    """Status and body of one answer. Raises ``HandError`` where there was none, ``AppDownError``
    where nothing listens."""
    try:
        said = answer(found)[path][0]
    except ProbeError as error:
        raise HandError(f"the app cannot be asked: {error}") from None
    if "error" in said:
        raise (AppDownError if said.get("refused") else HandError)(f"{path}: {said['error']}")
    return int(said["status"]), str(said["text"])


def status(found: Observation) -> Status:
    """Body of ``/cluster/status``. Raises ``HandError``."""
    code, text = reply(found, STATUS)
    try:
        body = json.loads(text)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise HandError(f"{STATUS}: status {code}, and no JSON object")
    return cast(Status, body)


def speech(inventory: Inventory, host: str, place: Place) -> str:
    """Fragment that has the app say a sentence."""
    address, service = _place(inventory, host, place)
    asked = {
        **_target(address, service),
        "path": SPEECH,
        "body": {**speech_body(SENTENCE), "stream": False},
        "timeout": inventory.app.job_timeout + SPEECH_MARGIN,
    }
    return python_probe("speech", asked, python=str(inventory.app.base_python))


def _target(address: IPAddress, service: VirtualService) -> dict[str, object]:
    return {"address": str(address), "port": service.port, "tls": speaks_tls(service)}


def _place(inventory: Inventory, host: str, place: Place) -> tuple[IPAddress, VirtualService]:
    service = next((one for one in inventory.services if serves(one, host)), inventory.services[0])
    vip = inventory.virtual_ips[0].address.ip
    if place == "vip":
        return vip, service
    own = address_for(inventory.real_servers.hosts[host], vip)
    return own or inventory.real_servers.hosts[host].address, service
