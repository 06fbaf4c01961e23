"""Memory of hosts and of cards is enough for the jobs that are to run at a time, and cards keep
their driver."""

from collections.abc import Iterator

from ....facts.fact import Fact
from ....facts.machine.card_settings import CARD_SETTINGS, CardSettings
from ....facts.machine.memory import MEMORY_TOTAL
from ....model.derived.engine_needs import declared_of
from ....model.derived.resolve import gpus_of
from ....model.derived.slots import card_names, jobs_of_a_card, slots_of
from ....model.engine import ALL, NONE
from ....model.inventory import Inventory
from ..finding import Finding, Severity, on_host
from ..rule import Rule, Seen, asking

_GB = 10**9
_MIB = 2**20


def _need(inventory: Inventory) -> float | None:
    """GB that a job takes, as the engine declares."""
    declared = declared_of(inventory.app)
    return declared.memory if declared is not None else None


def _on_cpu(inventory: Inventory, name: str) -> bool:
    engine, has = inventory.app.engine, gpus_of(inventory, name)
    chosen = engine.gpus if engine is not None else None
    return chosen == NONE or (chosen is None and (has is None or not has.count))


def _hosts(inventory: Inventory, name: str) -> Fact[int | None] | None:
    asked = _need(inventory) is not None and _on_cpu(inventory, name)
    return MEMORY_TOTAL if asked else None


def _short(seen: Seen[int | None]) -> Iterator[Finding]:
    need = _need(seen.inventory)
    for name, has in seen.hosts.items():
        jobs = slots_of(seen.inventory, name)
        if need is None or has is None or jobs is None or jobs * need * _GB <= has:
            continue
        most = int(has // (need * _GB))
        yield Finding(
            host=name,
            evidence=f"{jobs} workers take {jobs * need:g} GB at least, and it has"
            f" {has / _GB:.1f} GB of memory",
            cause="each loads the model for itself, and the kernel kills one of them as soon as"
            " memory is short",
            fix=f"write workers: {most} for it in the inventory, then `cluster deploy`"
            if most
            else "the engine needs a larger machine, or one with a GPU",
        )


def _cards(inventory: Inventory, name: str) -> Fact[tuple[CardSettings, ...]] | None:
    return None if _on_cpu(inventory, name) else CARD_SETTINGS


def _small(seen: Seen[tuple[CardSettings, ...]]) -> Iterator[Finding]:
    need, jobs = _need(seen.inventory), jobs_of_a_card(seen.inventory)
    for name, cards in seen.hosts.items():
        small = [one for one in _used(seen.inventory, name, cards) if _lacks(one, need, jobs)]
        if not small or need is None:
            continue
        one = min(small, key=lambda card: card.memory or 0)
        most = int((one.memory or 0) * _MIB // (need * _GB))
        yield Finding(
            host=name,
            evidence=f"{jobs} jobs on GPU {one.index} take {jobs * need:g} GB at least, and it has"
            f" {(one.memory or 0) * _MIB / _GB:.1f} GB",
            cause="CUDA runs out of memory while the model is loaded, or under load",
            fix=f"write app.engine.jobs_per_gpu: {most} in the inventory, then `cluster deploy`"
            if most
            else "the engine needs a larger card",
        )


def _lacks(card: CardSettings, need: float | None, jobs: int) -> bool:
    return need is not None and card.memory is not None and jobs * need * _GB > card.memory * _MIB


def _used(
    inventory: Inventory, name: str, cards: tuple[CardSettings, ...]
) -> tuple[CardSettings, ...]:
    """Those that the app is to use; all where it is not told by numbers."""
    engine = inventory.app.engine
    if engine is None or engine.gpus in (None, ALL):
        return cards
    chosen = card_names(inventory, name) or ()
    if not all(one.isdecimal() for one in chosen):
        return cards
    return tuple(card for card in cards if str(card.index) in chosen)


def _sleepy(seen: Seen[tuple[CardSettings, ...]]) -> Iterator[Finding]:
    for name, cards in seen.hosts.items():
        off = [str(card.index) for card in cards if card.persistent is False]
        if not off:
            continue
        command = ("nvidia-smi", "-pm", "1")
        yield Finding(
            host=name,
            severity=Severity.WARNING,
            evidence=f"persistence mode of GPU {', '.join(off)} is off",
            cause="the driver forgets a card that nobody uses: a node starts seconds later, and"
            " counts of its memory errors are lost",
            fix=f"{on_host(name, *command)} until the next boot; for good,"
            f" {on_host(name, 'systemctl', 'enable', '--now', 'nvidia-persistenced')}",
            mend=command,
        )


MEMORY_SHORT = Rule("memory-short", asking(_hosts, "real_servers"), _short)
GPU_MEMORY = Rule("gpu-memory", asking(_cards, "real_servers"), _small)
GPU_PERSISTENCE = Rule("gpu-persistence", asking(_cards, "real_servers"), _sleepy)
