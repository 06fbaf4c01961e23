"""Requests to the app of a real server, made on the host itself. Pure but for package data."""

import json
from typing import Any

from provisioning.facts.probe import ProbeError, answer, python_probe
from provisioning.facts.speech import SENTENCE as TEXT
from provisioning.model.address import IPAddress
from provisioning.model.inventory import Inventory
from provisioning.model.resolve import address_for
from provisioning.model.service import VirtualService, serves, speaks_tls
from provisioning.node_api import SPEECH as SPEECH_PATH
from provisioning.node_api import STATUS as STATUS_PATH
from provisioning.operations.rolling_upgrade.ports import ActionError, AppDownError, Place
from provisioning.resources.base import Observation

_PATIENCE = 5
"""Seconds a GET may take."""
SPEECH_MARGIN = 30
"""Seconds that a synthesis may take beyond the app's own limit, for waiting in the queue."""


def gets(inventory: Inventory, host: str, paths: tuple[str, ...]) -> str:
    """Build the fragment that asks the app at the host's own address, for ``reply``."""
    address, service = _place(inventory, host, "rip")
    targets = {path: {**_target(address, service), "path": path, "times": 1} for path in paths}
    asked = {"timeout": _PATIENCE, "targets": targets}
    return python_probe("http_get", asked, python=str(inventory.app.base_python))


def reply(found: Observation, path: str) -> tuple[int, str]:
    """Parse status and body of one answer. Raises ``ActionError`` where there was none,
    ``AppDownError`` where nothing listens."""
    try:
        said = answer(found)[path][0]
    except ProbeError as error:
        raise ActionError(f"the app cannot be asked: {error}") from None
    if "error" in said:
        raise (AppDownError if said.get("refused") else ActionError)(f"{path}: {said['error']}")
    return int(said["status"]), str(said["text"])


def status(found: Observation) -> dict[str, Any]:
    """Parse the answer of ``/cluster/status``. Raises ``ActionError``."""
    code, text = reply(found, STATUS_PATH)
    try:
        body = json.loads(text)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise ActionError(f"{STATUS_PATH}: status {code}, not a JSON object")
    return body


def speech(inventory: Inventory, host: str, place: Place) -> str:
    """Build the fragment that has the app speak a sentence."""
    address, service = _place(inventory, host, place)
    asked = {
        **_target(address, service),
        "path": SPEECH_PATH,
        "body": {"model": "tts-1", "input": TEXT, "response_format": "wav", "stream": False},
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
