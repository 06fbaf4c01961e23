"""Readiness of the app on a node, with its account of itself in the same probe. Pure but for
reading package data."""

from dataclasses import dataclass

from ...model.derived.nodes import Node, nodes_of
from ...model.inventory import Inventory
from ...node_api import READY, STATUS
from ...resources.base import Observation
from ..fact import Fact
from ..http_replies import HttpReplies, http_probe, parse_replies
from ..probe import ProbeError
from .status import AppAnswer, read_status, together
from .target import app_target, of_node


@dataclass(frozen=True, slots=True)
class AppReadiness:
    """One look at it."""

    ready: bool
    """True if the readiness check passes."""
    app: AppAnswer


def app_readiness(inventory: Inventory, name: str, *, patience: int) -> Fact[AppReadiness]:
    """Readiness of a real server, of all its nodes; it gets ``patience`` seconds for each
    answer."""
    nodes = nodes_of(inventory, name)
    targets = {
        of_node(path, node): app_target(inventory, node, path)
        for node in nodes
        for path in (READY, STATUS)
    }
    python = str(inventory.app.base_python)

    def parse(found: Observation) -> AppReadiness:
        try:
            return _readiness(name, nodes, parse_replies(found))
        except ProbeError as error:
            return AppReadiness(False, AppAnswer(None, str(error)))

    return Fact("app_readiness", http_probe(targets, patience=patience, python=python), parse)


def _readiness(name: str, nodes: tuple[Node, ...], replies: HttpReplies) -> AppReadiness:
    ready = all(replies[of_node(READY, node)][0].status == 200 for node in nodes)
    said = {node.name: read_status(replies[of_node(STATUS, node)]) for node in nodes}
    return AppReadiness(ready, together(name, said))
