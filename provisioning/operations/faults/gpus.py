"""Every real server has the GPUs that the inventory says, and all that it has can be trusted."""

from collections.abc import Iterator

from ...facts.app.card_service import CardOut, CardService
from ...facts.gpus import Card, GpusFound
from ...facts.hosts.real_server import RealServerState
from ...model.inventory import Inventory
from ..cluster_state.state import ClusterState
from .fault import Fault


def gpu_faults(_inventory: Inventory, state: ClusterState) -> list[Fault]:
    """Faults of GPUs: of all cards of a host one, as they have one repair."""
    return [
        Fault(name, text, fix)
        for name, server in state.real_servers.items()
        for text, fix in _host(name, server)
    ]


def _host(name: str, server: RealServerState) -> Iterator[tuple[str, str]]:
    service = server.app.cards if server.app else CardService()
    found = server.gpus or GpusFound("", "", (), "", ())
    troubles = {card.index: text for card in found.cards if (text := _trouble(card))}
    rest = [card for card in service.out if card.gpu not in troubles]
    said = [
        *(found.lacking or filter(None, (found.problem,))),
        *_grouped(_untold(found, troubles), {card.gpu for card in service.out}),
        # The app may know of what left no trace with the driver and in the kernel's log.
        *(f"{card.reason}, out of service" for card in rest if card.back_in is None),
    ]
    if said:
        yield "; ".join(said), _fix(name, found)
    yield from (_waits(card) for card in rest if card.back_in is not None)
    if service.stays:
        yield (
            f"stays in service without a whole card: {service.stays}",
            "mend what keeps the other nodes from being ready, then this one; `cluster history "
            "nodes` says what happened",
        )


def _untold(found: GpusFound, troubles: dict[int, str]) -> dict[int, str]:
    """Those of cards that are not said to be lacking."""
    lost = {card.index for card in found.cards if card.lost and found.lacking}
    return {card: trouble for card, trouble in troubles.items() if card not in lost}


def _fix(name: str, found: GpusFound) -> str:
    again = (
        f"`cluster drain {name}`, `cluster exec --root {name} -- reboot`, and once it is back"
        f" `cluster undrain {name}`"
    )
    if found.lacking:
        return (
            f"{again}; a card that stays away sits loose or is broken; if this is what it should"
            " have, correct `gpus` in the inventory"
        )
    if found.problem:
        return f"`cluster exec {name} -- nvidia-smi` says more; else {again}"
    return again


def _trouble(card: Card) -> str:
    if card.lost:
        return f"lost: {card.lost}"
    said = [f"Xid {card.fatal_xids[-1]} since the host was started"] if card.fatal_xids else []
    said += [f"{card.ecc_uncorrected} uncorrectable memory errors"] if card.ecc_uncorrected else []
    said += [f"needs {card.recovery}, by its driver's account"] if card.recovery else []
    return ", ".join(said)


def _grouped(troubles: dict[int, str], out: set[int]) -> Iterator[str]:
    """Troubles with the cards that have them; those of a driver are often all the same."""
    groups: dict[str, list[int]] = {}
    for card, trouble in sorted(troubles.items()):
        groups.setdefault(trouble + (", out of service" if card in out else ""), []).append(card)
    for trouble, cards in groups.items():
        yield f"GPU {', '.join(map(str, cards))}: {trouble}"


def _waits(card: CardOut) -> tuple[str, str]:
    return (
        f"GPU {card.gpu} is whole again, and out of service for another {card.back_in:.0f} s",
        "nothing: it comes back by itself; `cluster history nodes` says what it had",
    )
