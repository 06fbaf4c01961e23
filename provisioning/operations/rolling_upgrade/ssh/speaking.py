"""Questions that have the nodes of a real server speak, and what they said. Pure but for reading
package data."""

from dataclasses import replace

from ....facts.app.speech import Speech, patience, speech
from ....facts.app.target import Place, app_target
from ....facts.fact import Answers, Fact
from ....model.derived.nodes import Node, nodes_of
from ....model.inventory import Inventory
from ....node_api import SPEECH
from ..speech_sample import SpeechSample, sample_of, worst
from .observer import as_no_answer

_MARGIN = 15.0
"""Seconds, for the connection and the measurement."""


def sentences(inventory: Inventory, host: str, place: Place) -> dict[Node, Fact[Speech]]:
    """A sentence of each node of a real server at a place, to be asked with others."""
    python, found = str(inventory.app.base_python), {}
    for node in nodes_of(inventory, host):
        target = app_target(inventory, node, SPEECH, place)
        question = speech(inventory, target, stream=False, python=python)
        found[node] = replace(question, name=f"speech.{place}.{node.name}")
    return found


def patience_for(inventory: Inventory, count: int) -> float:
    """Seconds that so many sentences may take, one after the other."""
    return count * (patience(inventory) + _MARGIN)


def spoken(host: str, asked: dict[Node, Fact[Speech]], answers: Answers) -> SpeechSample:
    """Sample of what the nodes of a real server said at one place. Raises ``ActionError``."""
    with as_no_answer():
        return worst([sample_of(answers[asked[node]]).by_host(node) for node in asked], host)
