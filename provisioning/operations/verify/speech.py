"""The app speaks: a real synthesis through the VIP gives real sound."""

from provisioning.facts.speech import Speech
from provisioning.model.inventory import Inventory
from provisioning.operations.verify.check import CheckResult
from provisioning.operations.verify.client_report import ClientReport

NAME = "the app speaks through the VIP"

_SHORTEST, _LONGEST = 1.0, 60.0
"""Seconds that the text may take to say, at any plausible speed."""
_SOFTEST_LEVEL = -45.0
"""dB below full scale; speech that a person can hear without turning it up is above."""
_LEAST_CONTRAST = 10.0
"""dB between the loudest and the softest tenth; noise and tones have less, speech has pauses."""
_LOG = "try it in a browser at the VIP; look into the app's log on that node"


def check_speech(inventory: Inventory, report: ClientReport) -> CheckResult:
    """Judge the client's measurement of the sound. Pure."""
    speech = report.speech
    if speech is None:
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
    if not _SHORTEST <= speech.length <= _LONGEST:
        return f"{speech.length:.1f} s of sound is not what the text takes to say"
    if speech.level < _SOFTEST_LEVEL:
        return f"the sound is silent ({speech.level:.0f} dBFS)"
    if speech.loudest - speech.softest < _LEAST_CONTRAST:
        return "the sound is an even noise or tone, without the pauses of speech"
    if speech.node and speech.node not in inventory.real_servers.hosts:
        return "made by a node that is not in the inventory,"
    return ""
