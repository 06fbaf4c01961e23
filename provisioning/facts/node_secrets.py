"""Secrets that the nodes of a real server know each other by, as they prove it themselves. Pure but
for reading package data."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..model.derived.nodes import nodes_of
from ..model.inventory import Inventory
from ..places import ACCEPTED_SECRETS_FILE, SECRET_FILE
from ..resources.base import Observation
from .fact import Fact
from .probe import answer, python_probe

_PATIENCE = 5
"""Seconds that a node may take."""


@dataclass(frozen=True, slots=True)
class NodeSecrets:
    """The secrets of one node, each by its id (``secret_id``)."""

    good: frozenset[str] = frozenset()
    """Those of the host's files that it accepts."""
    count: int | None = None
    """All that it accepts; nothing where it cannot say, being of a release before."""
    signs: str | None = None
    """The one that it signs with."""
    error: str = ""
    """Reason for which it did not answer."""
    down: bool = False
    """True where it does not run: it reads the files when it starts."""


@dataclass(frozen=True, slots=True)
class HostSecrets:
    """The secrets of one real server."""

    files: tuple[str, ...]
    """Ids of those in its files, that of the one to sign with first."""
    nodes: Mapping[str, NodeSecrets]


def node_secrets(inventory: Inventory, name: str) -> Fact[HostSecrets]:
    """The secrets of a real server and its nodes. Its parser raises ``ProbeError``."""
    address = str(inventory.real_servers.hosts[name].address)
    asked = {
        "timeout": _PATIENCE,
        "secret": SECRET_FILE,
        "accepted": ACCEPTED_SECRETS_FILE,
        "nodes": {
            node.name: {"address": address, "port": node.port} for node in nodes_of(inventory, name)
        },
    }
    probe = python_probe("node_secrets", asked, python=str(inventory.app.base_python))
    return Fact("node_secrets", probe, _parse)


def _parse(found: Observation) -> HostSecrets:
    said = answer(found)
    return HostSecrets(
        tuple(said["files"]), {name: _node(reply) for name, reply in said["nodes"].items()}
    )


def _node(reply: dict[str, Any]) -> NodeSecrets:
    if "error" in reply:
        return NodeSecrets(error=reply["error"], down=reply["refused"])
    return NodeSecrets(frozenset(reply["good"]), reply["count"], reply["signs"])
