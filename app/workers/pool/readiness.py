"""State of all slots together. Pure."""

from collections.abc import Sequence

from ..slot import Slot, SlotState


def open_slots(slots: Sequence[Slot]) -> list[Slot]:
    """List those that are not held back."""
    return [slot for slot in slots if not slot.held]


def running(slots: Sequence[Slot]) -> int:
    """Count the jobs on workers."""
    return sum(slot.state is SlotState.BUSY for slot in slots)


def any_usable(slots: Sequence[Slot]) -> bool:
    """Tell whether at least one worker can speak."""
    return any(slot.usable for slot in slots)


def none_starts(slots: Sequence[Slot]) -> bool:
    """Tell whether the last start of every worker failed, or was not to be."""
    return all(slot.state in (SlotState.BROKEN, SlotState.HELD) for slot in slots)


def any_broken(slots: Sequence[Slot]) -> bool:
    """Tell whether the last start of a worker failed."""
    return any(slot.state is SlotState.BROKEN for slot in slots)


def any_loading(slots: Sequence[Slot]) -> bool:
    """Tell whether a worker is being started."""
    loading = (SlotState.STARTING, SlotState.RENEWING)
    return any(slot.renewing or slot.state in loading for slot in slots)


def not_ready(slots: Sequence[Slot]) -> str:
    """Explain why not every worker can speak; empty when all can.

    A worker that is being renewed as planned does not count while another can speak, and a slot
    that is held does not while there is another.
    """
    opened = open_slots(slots)
    if not opened:
        return "; ".join(dict.fromkeys(slot.held for slot in slots))
    some = any_usable(opened)
    return "; ".join(
        f"worker {slot.index} {slot.detail}"
        for slot in opened
        if not slot.usable and not (some and slot.state is SlotState.RENEWING)
    )
