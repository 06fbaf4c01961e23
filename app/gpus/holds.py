"""Slots that are to be held back for their cards. Pure."""

from collections.abc import Collection, Mapping, Sequence

from .gpu import Gpu
from .health import trouble


def troubles(cards: Sequence[Gpu], wanted: Collection[int]) -> dict[int, str]:
    """Reasons against cards, by index; ``wanted`` are those that slots compute on: one that the
    driver does not list is in trouble, too."""
    listed = {card.index for card in cards}
    missing = {index: f"GPU {index} is not there" for index in wanted if index not in listed}
    found = {
        card.index: f"{card.label} {reason}"
        for card in cards
        if card.mig is None and (reason := trouble(card))
    }
    return missing | found


def away(cards: Sequence[Gpu], out: Collection[int]) -> set[int]:
    """Those of ``out`` that cannot compute, as the driver does not reach them."""
    return set(out) - {card.index for card in cards if not card.lost}


def holds(
    slots: Sequence[int | None],
    out: Mapping[int, str],
    gone: Collection[int],
    held: Collection[int],
) -> dict[int, str]:
    """Reasons by number of slot. ``slots`` are the cards that they compute on, ``out`` says why
    cards are out of service, ``gone`` are those of them that cannot compute, and ``held`` the slots
    that are held now.

    One at least is left, for a node that may not go: those that it still has, if they can compute,
    else others that can. Where none can, all are: they may have another way than the card, and if
    they do not the node is not ready by itself.
    """
    found = {
        number: out[card] for number, card in enumerate(slots) if card is not None and card in out
    }
    if len(found) < len(slots):
        return found
    able = {number for number in found if slots[number] not in gone}
    kept = (able - set(held)) or able
    return {number: why for number, why in found.items() if kept and number not in kept}
