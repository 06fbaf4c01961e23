"""Shows the GPUs of a host in a few words."""

from collections import Counter

from rich.text import Text

from ...facts.gpus import Card, GpusFound


def gpus_cell(found: GpusFound | None) -> Text:
    """Number and model, the hottest card, what slows them down, and what is wrong."""
    if found is None:
        return Text("-", "dim")
    good = [card for card in found.cards if not card.lost]
    models = Counter(card.name.removeprefix("NVIDIA ") for card in good)
    words = [f"{count} × {model}" for model, count in models.items()] or ["none"]
    words += [f"{max(hot)} °C"] if (hot := _temperatures(good)) else []
    words += sorted({reason for card in good for reason in card.throttling})
    lost = len(found.cards) - len(good)
    bad = [f"{lost} lost"] if lost else []
    bad += ["not as expected"] if found.lacking and not lost else []
    bad += ["memory errors"] if any(card.ecc_uncorrected for card in good) else []
    bad += sorted({f"Xid {card.fatal_xids[-1]}" for card in good if card.fatal_xids})
    bad += ["no driver"] if found.problem else []
    wrong = bool(bad or found.problem)
    return Text(", ".join(words + bad), "bold red" if wrong else "")


def _temperatures(cards: list[Card]) -> list[int]:
    return [card.temperature for card in cards if card.temperature is not None]
