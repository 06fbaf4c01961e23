"""Shows the GPUs of a host in a few words."""

from collections import Counter

from rich.text import Text

from ...facts.app.card_service import CardService
from ...facts.gpus import Card, GpusFound


def gpus_cell(found: GpusFound | None, service: CardService) -> Text:
    """Faults, then number and model, the hottest card, and what slows them down."""
    if found is None:
        return Text("-", "dim")
    good = [card for card in found.cards if not card.lost]
    models = Counter(card.name.removeprefix("NVIDIA ") for card in good)
    words = [f"{count} × {model}" for model, count in models.items()]
    words += [f"{max(hot)} °C"] if (hot := _temperatures(good)) else []
    words += sorted({reason for card in good for reason in card.throttling})
    bad = _wrong(found, good, service)
    whole = ", ".join(words or ([] if bad else ["none"]))
    return Text("; " if bad and whole else "").join(
        part for part in (Text(", ".join(bad), "bold red"), Text(whole)) if part
    )


def _wrong(found: GpusFound, good: list[Card], service: CardService) -> list[str]:
    lost = len(found.cards) - len(good)
    bad = [f"{lost} lost"] if lost else []
    bad += ["no driver"] if found.problem else []
    bad += ["not as expected"] if found.lacking and not (lost or found.problem) else []
    bad += sorted({f"Xid {card.fatal_xids[-1]}" for card in good if card.fatal_xids})
    bad += ["memory errors"] if any(card.ecc_uncorrected for card in good) else []
    bad += sorted({f"needs {card.recovery}" for card in good if card.recovery})
    bad += [f"{len(service.out)} out"] if service.out else []
    return bad


def _temperatures(cards: list[Card]) -> list[int]:
    return [card.temperature for card in cards if card.temperature is not None]
