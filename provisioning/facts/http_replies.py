"""Answers to GET requests that a host makes. Pure but for reading package data."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from provisioning.errors import ClusterError
from provisioning.facts.probe import answer, python_probe
from provisioning.model.address import IPAddress
from provisioning.resources.base import Observation


class NoReplyError(ClusterError):
    """No HTTP answer; the message says why."""


@dataclass(frozen=True, slots=True)
class HttpTarget:
    """Place of a GET request."""

    address: IPAddress
    port: int
    path: str
    tls: bool = False
    times: int = 1

    def record(self) -> dict[str, object]:
        """As the probe reads it."""
        return {
            "address": str(self.address),
            "port": self.port,
            "tls": self.tls,
            "path": self.path,
            "times": self.times,
        }


@dataclass(frozen=True, slots=True)
class HttpReply:
    """Answer to one request."""

    status: int | None
    """Nothing where no HTTP answer came."""
    node: str | None
    """Node that names itself as the one that answered."""
    error: str = ""
    """Reason for which no HTTP answer came."""
    text: str = ""
    refused: bool = False
    """True if nothing listens there."""


HttpReplies = dict[str, tuple[HttpReply, ...]]
"""Answers by the name of the target; none after three failures in a row."""


def http_probe(targets: Mapping[str, HttpTarget], *, patience: int, python: str = "python3") -> str:
    """Fragment that asks all targets, each of which gets ``patience`` seconds."""
    named = {name: target.record() for name, target in targets.items()}
    return python_probe("http_get", {"timeout": patience, "targets": named}, python=python)


def parse_replies(found: Observation) -> HttpReplies:
    """Answers to the fragment of ``http_probe``. Raises ``ProbeError``."""
    return {name: tuple(map(_reply, replies)) for name, replies in answer(found).items()}


def required(replies: HttpReplies, name: str) -> HttpReply:
    """First answer of a target. Raises ``NoReplyError``."""
    reply = replies[name][0]
    if reply.status is None:
        raise NoReplyError(f"{name}: {reply.error}")
    return reply


def _reply(said: Mapping[str, Any]) -> HttpReply:
    if "error" in said:
        return HttpReply(None, None, str(said["error"]), refused=bool(said.get("refused")))
    return HttpReply(int(said["status"]), said["node"], text=str(said["text"]))
