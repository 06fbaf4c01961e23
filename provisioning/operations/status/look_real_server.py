"""The look at a real server. Pure but for reading package data."""

import json
import shlex
from pathlib import PurePosixPath
from typing import Any

from provisioning.model.address import IPAddress
from provisioning.model.hosts import ServiceManager
from provisioning.model.inventory import Inventory
from provisioning.model.resolve import interface_of, routes_sessions, service_manager_of
from provisioning.model.service import HttpCheck, SslCheck, VirtualService
from provisioning.node_api import READY, STATUS, Status
from provisioning.operations.probes.fragment import ProbeError, answer, python_probe
from provisioning.operations.status.interfaces import Interfaces
from provisioning.operations.status.look_storage import space
from provisioning.operations.status.mounts import LOOK as MOUNTS_LOOK
from provisioning.operations.status.mounts import find_mount
from provisioning.operations.status.state import Answer, AppState, MountState, RealServerState
from provisioning.operations.status.wanted import address_for, endpoint, serves
from provisioning.resources import supervisor
from provisioning.resources.base import Observation
from provisioning.roles.places import APP_SERVICE, PEERS_FILE, SECRET_FILE

_ARP, _SERVICE, _RELEASE = "real_server.arp", "real_server.service", "real_server.release"
_HTTP, _MOUNTS, _SPACE = "real_server.http", "real_server.mounts", "real_server.space"
_PEERS, _SECRET = "real_server.peers", "real_server.secret"
_APP = "app"
_KEYS = ("arp_ignore", "arp_announce")
_PATIENCE = 3
"""Seconds a GET or the file server may take."""


def fragments(inventory: Inventory, name: str) -> dict[str, str]:
    """What to ask the host."""
    conf = "/proc/sys/net/ipv4/conf"
    places = ("all", shlex.quote(interface_of(inventory, name)))
    python = str(inventory.app.base_python)
    found = {
        _ARP: "cat " + " ".join(f"{conf}/{where}/{key}" for key in _KEYS for where in places),
        _SERVICE: _service(service_manager_of(inventory, name)),
        _RELEASE: f"readlink {shlex.quote(str(inventory.app.directory / 'current'))}",
        _HTTP: python_probe("http_get", _gets(inventory, name), python=python),
    }
    if routes_sessions(inventory):
        found[_PEERS] = f"cat {PEERS_FILE}"
        found[_SECRET] = f"sha256sum < {SECRET_FILE}"
    if inventory.storage is not None:
        target = shlex.quote(str(inventory.storage.mount_point))
        found[_MOUNTS] = MOUNTS_LOOK
        # A hard mount whose server is gone holds whoever touches it, but for SIGKILL.
        found[_SPACE] = f"timeout -s KILL {_PATIENCE} stat -f -c '%S %a %b' {target}"
    return found


def app_fragment(inventory: Inventory, name: str) -> str:
    """Asks the app on the host what it is doing; ``parse_app`` reads it."""
    targets = {_APP: _target(*_places(inventory, name)[0], STATUS)}
    asked = {"timeout": _PATIENCE, "targets": targets}
    return python_probe("http_get", asked, python=str(inventory.app.base_python))


def parse_app(found: Observation) -> tuple[AppState | None, str]:
    """What it said, or why nothing can be told."""
    try:
        reply = answer(found)[_APP][0]
    except ProbeError as error:
        return None, str(error)
    app = _app(reply)
    return app, "" if app else str(reply.get("error") or f"status {reply['status']}")


def app_is_down(found: Observation) -> bool:
    """Nothing listens where the app would."""
    try:
        return bool(answer(found)[_APP][0].get("refused"))
    except ProbeError:
        return False


def parse(
    inventory: Inventory, name: str, interfaces: Interfaces, found: dict[str, Observation]
) -> RealServerState:
    """What it answered."""
    arp_ignore, arp_announce = _arp(found[_ARP].stdout)
    answers, app = _answers(inventory, name, found[_HTTP])
    return RealServerState(
        interfaces=interfaces,
        arp_ignore=arp_ignore,
        arp_announce=arp_announce,
        service=_service_word(service_manager_of(inventory, name), found[_SERVICE]),
        answers=answers,
        app=app,
        release=PurePosixPath(found[_RELEASE].stdout.strip()).name,
        mount=_mount(inventory, found),
        peers=_peers(found[_PEERS].stdout) if _PEERS in found else None,
        secret=found[_SECRET].stdout.partition(" ")[0] if _SECRET in found else None,
    )


def _arp(text: str) -> tuple[int | None, int | None]:
    """Effective values: the kernel takes the greater of ``all`` and the interface's (ip-sysctl,
    kernel documentation)."""
    numbers = [int(word) for word in text.split()]
    if len(numbers) != 2 * len(_KEYS):
        return None, None
    return max(numbers[:2]), max(numbers[2:])


def _service(manager: ServiceManager) -> str:
    if manager is ServiceManager.SYSTEMD:
        return f"systemctl is-active {APP_SERVICE}"
    # Not supervisorctl: it is a Python program, which takes a second to start on a slow host.
    return supervisor.observe(supervisor.SOCKET, APP_SERVICE)


def _service_word(manager: ServiceManager, found: Observation) -> str:
    text = found.stdout.strip()
    if manager is ServiceManager.SYSTEMD:
        return "running" if text == "active" else text
    if found.status != 0:
        return found.stderr.strip() or text
    word, status = supervisor.state(found)
    if word == "RUNNING":
        return "running"
    return f"{word} with status {status}" if status else word


def _peers(text: str) -> frozenset[tuple[str, str]]:
    """Lines of a name and a URL; comments are passed over."""
    lines = [line.split() for line in text.splitlines()]
    return frozenset(
        (words[0], words[1]) for words in lines if len(words) == 2 and not words[0].startswith("#")
    )


def _places(inventory: Inventory, name: str) -> list[tuple[IPAddress, VirtualService]]:
    """Where the host must answer: at its own addresses and the VIPs, on each service's port."""
    host = inventory.real_servers.hosts[name]
    services = [service for service in inventory.services if serves(service, name)]
    places = []
    for vip in (vip.address.ip for vip in inventory.virtual_ips):
        own = address_for(host, vip)
        for service in services:
            places += [(address, service) for address in (own, vip) if address is not None]
    return list(
        {(address, service.port): (address, service) for address, service in places}.values()
    )


def _gets(inventory: Inventory, name: str) -> dict[str, object]:
    places = _places(inventory, name)
    targets = {
        endpoint(address, service.port): _target(address, service, check_path(service))
        for address, service in places
    }
    if places:
        targets[_APP] = _target(*places[0], STATUS)
    return {"timeout": _PATIENCE, "targets": targets}


def _target(address: IPAddress, service: VirtualService, path: str) -> dict[str, object]:
    return {
        "address": str(address),
        "port": service.port,
        "tls": speaks_tls(service),
        "path": path,
        "times": 1,
    }


def check_path(service: VirtualService) -> str:
    """What a health check asks for."""
    return service.check.path if isinstance(service.check, HttpCheck) else READY


def speaks_tls(service: VirtualService) -> bool:
    """Whether clients speak TLS to it: its check does, or it is HTTPS' own port."""
    return isinstance(service.check, SslCheck) or service.port == 443


def _answers(
    inventory: Inventory, name: str, found: Observation
) -> tuple[dict[str, Answer], AppState | None]:
    places = _places(inventory, name)
    try:
        replies = answer(found)
    except ProbeError as error:
        reason = f"the probe did not run with {inventory.app.base_python}: {error}"
        return {endpoint(a, s.port): Answer(False, reason) for a, s in places}, None
    answers = {}
    for address, service in places:
        place = endpoint(address, service.port)
        check = service.check
        wanted = check.status if isinstance(check, HttpCheck) else 200
        answers[place] = _answer(replies[place][0], wanted, name)
    return answers, _app(replies[_APP][0]) if places else None


def _answer(reply: dict[str, Any], wanted: int, name: str) -> Answer:
    if "error" in reply:
        return Answer(False, str(reply["error"]))
    node = reply["node"]
    if node is not None and node != name:
        # Without the VIP on lo, its packets leave the host and come to another.
        return Answer(False, f"answered by {node}")
    body = " ".join(reply["text"].split())[:160]
    return Answer(reply["status"] == wanted, f"{reply['status']} {body}".strip())


def _app(reply: dict[str, Any]) -> AppState | None:
    try:
        said: Status = json.loads(reply["text"])
        return AppState(
            node=str(said["node"]),
            version=str(said["version"]),
            release=said.get("release"),
            draining=bool(said["draining"]),
            running=int(said["jobs"]["running"]),
            waiting=int(said["jobs"]["waiting"]),
            not_ready=str(said.get("reason", "")),
            answers=int(said["open"]["answers"]) if "open" in said else None,
        )
    except (KeyError, ValueError, TypeError):
        return None


def _mount(inventory: Inventory, found: dict[str, Observation]) -> MountState | None:
    if inventory.storage is None:
        return None
    mounted = find_mount(found[_MOUNTS].stdout, str(inventory.storage.mount_point))
    if mounted is None:
        return None
    free, size = space(found[_SPACE].stdout)
    return MountState(
        mounted.source,
        mounted.fstype,
        mounted.writable,
        answers=found[_SPACE].status == 0,
        free=free,
        size=size,
    )
