"""Rules for monitoring: hosts that see the VIP from outside, ports that are free, receivers that
can be told."""

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

from ..derived.resolve import connection_of, virtual_services
from ..inventory import Inventory
from ..key_path import KeyPath
from ..secrets.secret import SecretError, SecretSource, reveal_unasked
from ..service import serves
from ..watching.monitoring import Monitoring
from ..watching.receiver import (
    BotReceiver,
    DingTalkReceiver,
    EmailReceiver,
    Receiver,
    SlackReceiver,
    WebhookReceiver,
    WeComReceiver,
)
from .finding import Context, Finding, warning

_HOSTS: KeyPath = ("monitoring", "hosts")
_RECEIVERS: KeyPath = ("monitoring", "receivers")


def hosts(context: Context) -> Iterator[Finding]:
    """None has a VIP itself: it would ask itself instead of the cluster."""
    inventory = context.inventory
    if (monitoring := inventory.monitoring) is None:
        return
    for name in monitoring.hosts:
        for group, word in (("directors", "director"), ("real_servers", "real server")):
            if name in getattr(inventory, group).hosts:
                yield Finding(
                    (*_HOSTS, name),
                    f"{name} is a {word} as well, and cannot ask the VIP from outside",
                    "use another host; the storage host will do",
                    name,
                    also=((group, "hosts", name),),
                )


def ports(context: Context) -> Iterator[Finding]:
    """No two programs of a host want the same."""
    inventory = context.inventory
    if (monitoring := inventory.monitoring) is None:
        return
    first: dict[int, str] = {}
    for key, port in monitoring.ports.model_dump().items():
        other = first.setdefault(port, key)
        if other != key:
            yield Finding(
                ("monitoring", "ports", key),
                f"{port} is ports.{other} as well",
                "write another",
                str(port),
                also=(("monitoring", "ports", other),),
            )
    told = set()
    for name, port, whose, path in _taken(inventory, monitoring):
        for key in _wanted(inventory, monitoring, name):
            if getattr(monitoring.ports, key) == port and (key, whose) not in told:
                told.add((key, whose))
                text = f"{port} is the port of {whose} on {name}"
                at = ("monitoring", "ports", key)
                yield Finding(at, text, "write another", str(port), also=(path,))


def _wanted(inventory: Inventory, monitoring: Monitoring, name: str) -> list[str]:
    """Keys of the ports that a host is asked to listen on."""
    edges = inventory.edges.hosts if inventory.edges else {}
    here = {"host"}
    if name in monitoring.hosts:
        here = set(type(monitoring.ports).model_fields) - {"edge"}
    if name in edges:
        here.add("edge")
    if not monitoring.bots:
        here.discard("relay")
    return [key for key in type(monitoring.ports).model_fields if key in here]


def _taken(inventory: Inventory, monitoring: Monitoring) -> Iterator[tuple[str, int, str, KeyPath]]:
    """Hosts, and what listens there already."""
    for name in inventory.real_servers.hosts:
        for service in virtual_services(inventory):
            if serves(service, name):
                yield name, service.port, f"service {service.name}", ("services",)
    if inventory.edges is not None:
        for name in inventory.edges.hosts:
            yield name, inventory.edges.port, "the edges", ("edges", "port")
    if inventory.storage is not None:
        for name in inventory.storage.hosts:
            yield name, 2049, "NFS", ("storage",)
    for name in monitoring.hosts:
        port = connection_of(inventory, name).port or 22
        yield name, port, "SSH", ("ssh",)


def receivers(context: Context) -> Iterator[Finding]:
    """Each has a name of its own, and all that it needs."""
    if (monitoring := context.inventory.monitoring) is None:
        return
    if monitoring.hosts and not monitoring.receivers:
        fix = "write monitoring: {receivers: [{name: ops, type: email, …}]}"
        yield warning(_RECEIVERS, "nobody is told of alerts", fix, "")
    if not monitoring.hosts and (monitoring.receivers or monitoring.heartbeat):
        key = "receivers" if monitoring.receivers else "heartbeat"
        yield Finding(
            ("monitoring", key),
            "without monitoring.hosts nobody tells them",
            "write monitoring: {hosts: {mon1: ADDRESS}}, or remove it",
            "",
        )
    first: dict[str, int] = {}
    for index, receiver in enumerate(monitoring.receivers):
        path = (*_RECEIVERS, index)
        # Names of files, on which case may not count.
        other = first.setdefault(receiver.name.lower(), index)
        if other != index:
            yield Finding(
                (*path, "name"),
                f"receivers[{other}] has that name",
                "give each a name of its own",
                receiver.name,
                also=((*_RECEIVERS, other),),
            )
        if isinstance(receiver, EmailReceiver):
            yield from _email(path, receiver)
        if isinstance(receiver, WeComReceiver) and not (
            receiver.to_user or receiver.to_party or receiver.to_tag
        ):
            yield Finding(path, "it is told to nobody", 'add to_user: "@all"', receiver.name)


def _email(path: KeyPath, receiver: EmailReceiver) -> Iterator[Finding]:
    if not 1 <= int(receiver.smarthost.rpartition(":")[2]) <= 65535:
        fix = "write a port, for example 587"
        yield Finding((*path, "smarthost"), "there is no such port", fix)
    for key, other in (("username", "password"), ("password", "username")):
        if getattr(receiver, key) and not getattr(receiver, other):
            text, fix = f"{key} needs {other}", f"add {other}, or remove {key}"
            yield Finding((*path, key), text, fix, "" if key == "password" else None)


def urls(context: Context) -> Iterator[Finding]:
    """Those that are secrets are URLs. What cannot be had here is told with the other secrets."""
    if (monitoring := context.inventory.monitoring) is None:
        return
    for path, source, receiver in _urls(monitoring):
        try:
            text = reveal_unasked(source, context.base_dir)
        except SecretError:
            continue
        if problem := _wrong(text):
            yield Finding(
                path,
                f"it is no URL that can be posted to: {problem}",
                "write http:// or https://, a host, and a path",
                "(not shown)",
            )
        elif isinstance(receiver, DingTalkReceiver) and (problem := _no_robot(text)):
            yield Finding(
                path,
                f"it is no webhook of a DingTalk robot: {problem}",
                "copy it from the robot's settings: https://HOST/robot/send?access_token=…",
                "(not shown)",
            )


def bot_secrets(context: Context) -> Iterator[Finding]:
    """Those that messages are signed by are one word, as the vendors make them."""
    if (monitoring := context.inventory.monitoring) is None:
        return
    for index, receiver in enumerate(monitoring.receivers):
        if not isinstance(receiver, BotReceiver) or receiver.secret is None:
            continue
        try:
            text = reveal_unasked(receiver.secret, context.base_dir)
        except SecretError:
            continue
        if not re.fullmatch(r"[!-~]+", text):
            yield Finding(
                (*_RECEIVERS, index, "secret"),
                "it is empty, or has blanks, line ends or other characters that no such secret has",
                "copy it from the settings of the bot, where its signature is",
                "(not shown)",
            )


def _urls(monitoring: Monitoring) -> Iterator[tuple[KeyPath, SecretSource, Receiver | None]]:
    if monitoring.heartbeat is not None:
        yield ("monitoring", "heartbeat"), monitoring.heartbeat, None
    for index, receiver in enumerate(monitoring.receivers):
        if isinstance(receiver, WebhookReceiver | SlackReceiver | BotReceiver):
            yield (*_RECEIVERS, index, "url"), receiver.url, receiver


def _no_robot(text: str) -> str:
    keys = [key for key, _ in parse_qsl(urlsplit(text).query)]
    if "access_token" not in keys:
        return "it has no access_token"
    if "sign" in keys or "timestamp" in keys:
        return "it is signed already"
    return ""


def _wrong(text: str) -> str:
    if re.search(r"[\s\x00-\x20\x7f]", text):
        return "there is a blank or a line end in it"
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError as error:
        return str(error)
    if parts.scheme not in ("http", "https"):
        return "it does not begin with http:// or https://"
    return "" if parts.hostname else "it names no host"
