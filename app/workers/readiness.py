"""State of all slots together. Pure."""

from collections.abc import Sequence

from app.workers.slot import Slot, SlotState


def running(slots: Sequence[Slot]) -> int:
    """Count the jobs on workers."""
    return sum(slot.state is SlotState.BUSY for slot in slots)


def any_usable(slots: Sequence[Slot]) -> bool:
    """Tell whether at least one worker can speak."""
    return any(slot.usable for slot in slots)


def none_starts(slots: Sequence[Slot]) -> bool:
    """Tell whether the last start of every worker failed."""
    return all(slot.state is SlotState.BROKEN for slot in slots)


def any_loading(slots: Sequence[Slot]) -> bool:
    """Tell whether a worker is being started."""
    loading = (SlotState.STARTING, SlotState.RENEWING)
    return any(slot.renewing or slot.state in loading for slot in slots)


def not_ready(slots: Sequence[Slot]) -> str:
    """Explain why not every worker can speak; empty when all can.

    A worker that is being renewed as planned does not count while another can speak.
    """
    some = any_usable(slots)
    return "; ".join(
        f"worker {slot.index} {slot.detail}"
        for slot in slots
        if not slot.usable and not (some and slot.state is SlotState.RENEWING)
    )
