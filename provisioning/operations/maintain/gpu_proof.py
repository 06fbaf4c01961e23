"""GPUs before and after a maintenance. Pure."""

from dataclasses import dataclass

from ...facts.gpus import GpusFound


@dataclass(frozen=True, slots=True)
class GpusBefore:
    """The part of what was there that is compared."""

    driver: str = ""
    """Version; empty where there was no driver."""
    cards: int = 0
    """Cards that the driver reached."""
    fatal_xids: int = 0
    """Errors in the kernel's log after which a card cannot be trusted."""


def seen_before(found: GpusFound | None) -> GpusBefore:
    """Note what is compared later."""
    if found is None:
        return GpusBefore()
    cards = [card for card in found.cards if not card.lost]
    return GpusBefore(found.driver, len(cards), _fatal(found))


def gpu_trouble(before: GpusBefore, after: GpusFound | None, *, rebooted: bool) -> str:
    """Say what is wrong with the GPUs now; empty where there are as many as before and as the
    inventory wants, and each can be trusted."""
    if after is None:
        return "the GPUs' driver is gone" if before.driver else ""
    if after.problem:
        return after.problem
    said = list(after.lacking)
    whole = [card for card in after.cards if not card.lost]
    if len(whole) < before.cards:
        said.append(f"{len(whole)} of the {before.cards} GPUs that were there before")
    said += [f"GPU {card.index} is lost: {card.lost}" for card in after.cards if card.lost]
    said += [
        f"GPU {card.index} needs {card.recovery}, by its driver's account"
        for card in whole
        if card.recovery
    ]
    # The log begins anew with the kernel.
    known = 0 if rebooted else before.fatal_xids
    if (fresh := _fatal(after) - known) > 0:
        said.append(f"{fresh} errors (Xid) of GPUs that cannot be trusted after them")
    return "; ".join(said)


def gpu_news(before: GpusBefore, after: GpusFound | None) -> str:
    """Say what is there now, for people; empty where there is nothing."""
    if after is None or not after.driver:
        return ""
    version = after.driver
    if before.driver and before.driver != version:
        version = f"{before.driver} -> {version}"
    return f"driver {version}, {len(after.cards)} GPUs"


def _fatal(found: GpusFound) -> int:
    return sum(len(card.fatal_xids) for card in found.cards)
