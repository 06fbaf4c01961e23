"""Check a host before anything is done to it, and note what it is compared with later."""

from dataclasses import asdict

from ..gpu_proof import GpusBefore, gpu_news, seen_before
from ..state import HostState
from .phase import Context, Phase, Turn

BOOT, DRIVER = "boot_id", "driver"
"""Notes: id of the boot before, and version of the GPUs' driver."""


def gpus_before(host: HostState) -> GpusBefore:
    """Return what was noted of the GPUs."""
    cards, xids = host.facts.get("cards", 0), host.facts.get("fatal_xids", 0)
    return GpusBefore(host.notes.get(DRIVER, ""), int(cards), int(xids))


def _describe(turn: Turn) -> str:
    return "it can be reached; its boot" + (
        ", driver and GPUs are noted" if turn.host.serves else ""
    )


def _run(context: Context) -> None:
    context.notes[BOOT] = context.cluster.boot_id(context.host)
    if not context.state.serves:
        return
    found = context.cluster.gpus(context.host)
    noted = asdict(seen_before(found))
    context.notes[DRIVER] = noted.pop(DRIVER)
    context.facts.update(noted)
    if news := gpu_news(GpusBefore(), found):
        context.report("note", news)


CHECK = Phase("check", "checking the host", _describe, _run)
