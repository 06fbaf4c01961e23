"""Results of a look at a machine, and their consequences for the inventory. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ...model.engine_declaration import declaration
from ...model.hosts import ServiceManager

_OLDEST_PYTHON = (3, 11)


@dataclass(frozen=True, slots=True)
class SeenCard:
    """A GPU."""

    name: str
    gigabytes: int | None
    """As its maker counts; None where it does not tell."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One machine; empty or None is what it did not tell."""

    interface: str = ""
    """The one that has its address."""
    network: str = ""
    """The address with its length."""
    interfaces: tuple[str, ...] = ()
    """All that have an address which others can reach."""
    manager: ServiceManager | None = None
    distribution: str = ""
    python: tuple[int, int] | None = None
    cards: tuple[SeenCard, ...] = ()
    gpu_problem: str = ""
    """Reason for which a driver that is there shows no card."""

    @property
    def record(self) -> dict[str, object]:
        """For ``--json``."""
        return {
            "interface": self.interface or None,
            "address": self.network or None,
            "service_manager": self.manager.value if self.manager else None,
            "distribution": self.distribution or None,
            "python": ".".join(map(str, self.python)) if self.python else None,
            "gpus": [{"name": card.name, "memory_gb": card.gigabytes} for card in self.cards],
        }


def sentence(seen: Seen) -> str:
    """The machine in one line, for people."""
    python = f"Python {seen.python[0]}.{seen.python[1]}" if seen.python else "no Python"
    if seen.interface:
        place = f"{seen.interface} {seen.network}"
    else:
        place = f"its address is on no interface ({', '.join(seen.interfaces) or 'none'})"
    words = [seen.distribution, seen.manager.value if seen.manager else "", place, python]
    return ", ".join(word for word in [*words, _cards(seen)] if word)


def _cards(seen: Seen) -> str:
    if seen.gpu_problem:
        return seen.gpu_problem
    counted = Counter(
        f"{card.name} {card.gigabytes} GB" if card.gigabytes else card.name for card in seen.cards
    )
    return ", ".join(f"{number} x {name}" for name, number in counted.items())


def too_old(seen: Mapping[str, Seen]) -> list[str]:
    """Machines whose Python the app does not run with, in words."""
    found = []
    for name, one in seen.items():
        if one.python is not None and one.python < _OLDEST_PYTHON:
            old = ".".join(map(str, one.python))
            found.append(
                f"{name}: python3 is {old}, and the app needs 3.11: install one, and write "
                "app: {venv: {python: /usr/bin/python3.11}} (docs/requirements.md)"
            )
    return found


def for_gpus(engine: str) -> bool:
    """Tell whether the engine is made for GPUs."""
    declared = declaration(engine)
    return declared is not None and declared.for_gpus


def without_gpus(seen: Mapping[str, Seen], names: Iterable[str], engine: str) -> list[str]:
    """Machines that are to run an engine for GPUs and have none, in words."""
    bare = [name for name in names if name in seen and not seen[name].cards]
    return [
        f"{name}: no GPU was found, and {engine} needs one" for name in bare if for_gpus(engine)
    ]


def usual_interface(seen: Mapping[str, Seen]) -> str | None:
    """The interface that most machines have their address on."""
    counted = Counter(one.interface for one in seen.values() if one.interface)
    return counted.most_common(1)[0][0] if counted else None


def common_cards(seen: Mapping[str, Seen], names: Iterable[str]) -> tuple[SeenCard, ...] | None:
    """The cards of each host, where all were looked at and have as many; of each the smallest."""
    of_each = [seen[name].cards if name in seen else () for name in names]
    if not of_each or not of_each[0] or len({len(cards) for cards in of_each}) > 1:
        return None
    return min(of_each, key=lambda cards: min(card.gigabytes or 0 for card in cards))


def gpus_key(cards: tuple[SeenCard, ...]) -> object:
    """Cards as the inventory names them."""
    sizes = [card.gigabytes for card in cards if card.gigabytes]
    if len(sizes) < len(cards) or not sizes:
        return len(cards)
    return {"count": len(cards), "memory": min(sizes)}
