"""Every real server has the GPUs that the inventory says, and all that it has can be trusted."""

from collections.abc import Iterator

from ...facts.gpus import Card, GpusFound
from ...model.inventory import Inventory
from ..cluster_state.state import ClusterState
from .fault import Fault


def gpu_faults(_inventory: Inventory, state: ClusterState) -> list[Fault]:
    """Faults of GPUs."""
    return [
        Fault(name, text, fix)
        for name, server in state.real_servers.items()
        if server.gpus is not None
        for text, fix in _host(name, server.gpus)
    ]


def _host(name: str, found: GpusFound) -> Iterator[tuple[str, str]]:
    again = (
        f"`cluster drain {name}`, `cluster exec --root {name} -- reboot`, and once it is back"
        f" `cluster undrain {name}`"
    )
    if found.lacking:
        yield (
            "; ".join(found.lacking),
            f"{again}; a card that stays away sits loose or is broken; if this is what it should"
            " have, correct `gpus` in the inventory",
        )
    elif found.problem:
        yield found.problem, f"`cluster exec {name} -- nvidia-smi` says more; else {again}"
    for card in found.cards:
        for text in _troubles(card, known=bool(found.lacking)):
            yield text, again


def _troubles(card: Card, *, known: bool) -> Iterator[str]:
    """``known``: what is lost is said already."""
    label = f"GPU {card.index} ({card.name})"
    if card.lost and not known:
        yield f"GPU {card.index} is lost: {card.lost}"
    if card.ecc_uncorrected:
        yield f"{label} has {card.ecc_uncorrected} uncorrectable memory errors"
    if card.fatal_xids:
        yield f"{label} had Xid {card.fatal_xids[-1]} since the host was started"
