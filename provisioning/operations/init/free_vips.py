"""A look whether the virtual IPs are free, from the hosts that are to own them."""

from dataclasses import dataclass

from ...engine.fleet import Fleet
from ...facts.fact import Answers
from ...facts.gather import gather
from ...facts.lan.vip_claims import Claims, edge_vip_claims, vip_claims
from ...facts.pinged import pinged
from ...model.inventory import Inventory
from ...model.vrrp import VirtualIP
from ...transport.base import Transport
from .look import Looked

_TIMEOUT = 30.0


@dataclass(frozen=True, slots=True)
class VipAnswer:
    """One VIP, as the LAN has it."""

    key: str
    """Of the question that it was the answer to."""
    taken: bool
    said: str


def look_for_vips(inventory: Inventory, fleet: Fleet, looked: Looked) -> list[VipAnswer]:
    """Ask the LAN of a director for the directors' VIPs, and that of an edge for theirs. A machine
    of the cluster's own may hold one: ``looked`` knows these."""
    edges = inventory.edges
    asked = [("vip", inventory.virtual_ips, list(inventory.directors.hosts), vip_claims)]
    if edges is not None:
        asked.append(("edges", [edges.vip], list(edges.hosts), edge_vip_claims))
    found = []
    for key, vips, names, claims_fact in asked:
        name = next((one for one in names if one in fleet.transports), None)
        if name is None or not vips:
            continue
        claims = claims_fact(inventory, name)
        pings = [pinged(vip.address.ip) for vip in vips]

        def ask(host: str, transport: Transport) -> Answers:
            return gather(host, transport, (claims, *pings), timeout=_TIMEOUT)  # noqa: B023

        for answers in fleet.each([name], ask).values():
            heard = answers[claims]
            found += [
                _judged(key, name, vip, heard, answers[ping], looked)
                for vip, ping in zip(vips, pings, strict=True)
            ]
    return found


def _judged(
    key: str, name: str, vip: VirtualIP, heard: Claims, ping: str | None, looked: Looked
) -> VipAnswer:
    address = vip.address.ip
    owners = set(heard.owners.get(address, ()))
    how = "asked its LAN for"
    if heard.problem:
        # Without its Python the kernel's own question has to do.
        how, owners = "pinged", set() if ping is None else {ping or "a machine behind a router"}
    strangers = sorted(owners - looked.macs)
    if strangers and not (heard.problem and address in looked.held):
        said = f"{name} {how} {address}, and was answered by {', '.join(strangers)}"
        return VipAnswer(key, True, f"{said}: it is taken")
    speakers = [one for one in heard.speakers if address not in one.addresses]
    if speakers:
        one = speakers[0]
        return VipAnswer(
            key,
            False,
            f"{name} hears {one.source} speak VRRP with number {one.vrid}: if that is another "
            f"cluster, write another vrrp.virtual_router_id than {one.vrid}",
        )
    return VipAnswer(key, False, f"{name} {how} {address}: nobody else has it")
