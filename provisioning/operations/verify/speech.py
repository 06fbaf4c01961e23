"""The app speaks: a real synthesis through the VIP gives real sound."""

from ...facts.app.speech import Speech
from ...model.derived.edge_admission import passed_on
from ...model.derived.nodes import all_nodes
from ...model.derived.way_in import edges_alone
from ...model.inventory import Inventory
from ...node_api import SPEECH
from .check import CheckResult
from .client_report import ClientReport
from .speech_quality import flaw

NAME = "the app speaks through the VIP"

_LOG = "try it in a browser at the VIP; look into the app's log on that node"


def check_speech(inventory: Inventory, report: ClientReport) -> CheckResult:
    """Judge the client's measurement of the sound. Pure."""
    speech = report.speech
    if speech is None:
        edges = edges_alone(inventory)
        if edges is not None and not passed_on(edges, SPEECH):
            return CheckResult(NAME, None, f"edges.paths do not pass {SPEECH} on")
        return CheckResult(NAME, None, "not asked for", "run it with --synthesis")
    by = f" by {speech.node}" if speech.node else ""
    if problem := _problem(inventory, speech):
        return CheckResult(NAME, False, problem + by, _LOG)
    evidence = (
        f"{speech.length:.1f} s of sound{by} in {speech.seconds:.1f} s, {speech.rate} Hz,"
        f" {speech.level:.0f} dBFS, {speech.loudest - speech.softest:.0f} dB between loud and soft"
    )
    return CheckResult(NAME, True, evidence)


def _problem(inventory: Inventory, speech: Speech) -> str:
    if speech.error:
        return f"HTTP status {speech.status}: {speech.error}" if speech.status else speech.error
    if problem := flaw(speech.length, speech.level, speech.loudest - speech.softest):
        return problem
    if speech.node and speech.node not in {node.name for node in all_nodes(inventory)}:
        return "made by a node that is not in the inventory,"
    return ""
