"""Every real server has the GPUs that the inventory says, and all that it has can be trusted."""

from collections.abc import Iterator

from ...facts.card_service import CardOut, CardService
from ...facts.gpus import Card, GpusFound
from ...facts.hosts.real_server import RealServerState
from ...model.inventory import Inventory
from ..cluster_state.state import ClusterState
from .fault import Fault


def gpu_faults(_inventory: Inventory, state: ClusterState) -> list[Fault]:
    """Faults of GPUs."""
    return [
        Fault(name, text, fix)
        for name, server in state.real_servers.items()
        for text, fix in _host(name, server)
    ]


def _host(name: str, server: RealServerState) -> Iterator[tuple[str, str]]:
    service = server.app.cards if server.app else CardService()
    if server.gpus is not None:
        yield from _found(name, server.gpus, {card.gpu for card in service.out})
    told = {card.index for card in server.gpus.cards if _troubles(card)} if server.gpus else set()
    for card in service.out:
        if card.gpu not in told:
            yield _waits(name, card)
    if service.stays:
        yield (
            f"stays in service without a whole card: {service.stays}",
            "mend what keeps the other nodes from being ready, then this one; `cluster history "
            "nodes` says what happened",
        )


def _found(name: str, found: GpusFound, out: set[int]) -> Iterator[tuple[str, str]]:
    again = _again(name)
    if found.lacking:
        yield (
            "; ".join(found.lacking) + (_OUT if out else ""),
            f"{again}; a card that stays away sits loose or is broken; if this is what it should"
            " have, correct `gpus` in the inventory",
        )
    elif found.problem:
        yield found.problem, f"`cluster exec {name} -- nvidia-smi` says more; else {again}"
    for card in found.cards:
        for text in _troubles(card):
            # What is lost is said already.
            if not (card.lost and found.lacking):
                yield text + (_OUT if card.index in out else ""), again


_OUT = "; its slots take no jobs"


def _again(name: str) -> str:
    return (
        f"`cluster drain {name}`, `cluster exec --root {name} -- reboot`, and once it is back"
        f" `cluster undrain {name}`"
    )


def _troubles(card: Card) -> list[str]:
    label = f"GPU {card.index} ({card.name})"
    if card.lost:
        return [f"GPU {card.index} is lost: {card.lost}"]
    texts = [f"{label} needs {card.recovery}, by its driver's account"] if card.recovery else []
    if card.ecc_uncorrected:
        texts.append(f"{label} has {card.ecc_uncorrected} uncorrectable memory errors")
    if card.fatal_xids:
        texts.append(f"{label} had Xid {card.fatal_xids[-1]} since the host was started")
    # One reason and one repair.
    return ["; ".join(texts)] if texts else []


def _waits(name: str, card: CardOut) -> tuple[str, str]:
    """A card of which neither driver nor kernel's log have anything bad to say."""
    why = "`cluster history nodes` says what it had"
    if card.back_in is None:
        return f"{card.reason}{_OUT}", _again(name)
    return (
        f"GPU {card.gpu} is whole again, and out of service for another {card.back_in:.0f} s",
        f"nothing: it comes back by itself; {why}",
    )
