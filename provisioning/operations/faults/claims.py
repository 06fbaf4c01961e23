"""Nobody but the directors claims a VIP, or speaks VRRP with its VRID."""

from ipaddress import IPv6Address

from ...facts.lan.vip_claims import Speaker
from ...model.address import IPAddress
from ...model.derived.resolve import all_hosts, virtual_router_id_of
from ...model.inventory import Inventory
from ..cluster_state.state import ClusterState
from .fault import Fault


def claim_faults(inventory: Inventory, state: ClusterState) -> list[Fault]:
    """Machines that answer for a VIP, and those that take part in its election."""
    return [*_owners(inventory, state), *_speakers(inventory, state)]


def _owners(inventory: Inventory, state: ClusterState) -> list[Fault]:
    seen: dict[tuple[IPAddress, str], tuple[IPAddress, ...]] = {}
    for director in state.directors.values():
        for vip, macs in director.claims.owners.items():
            for mac, others in macs.items():
                seen[(vip, mac)] = seen.get((vip, mac), ()) + others
    faults = []
    for (vip, mac), others in seen.items():
        # What is wrong with a host of ours that has the address is said of that host.
        if state.host_of_mac(mac) is None:
            faults.append(_stranger(inventory, state, vip, mac, others))
    return faults


def _stranger(
    inventory: Inventory,
    state: ClusterState,
    vip: IPAddress,
    mac: str,
    others: tuple[IPAddress, ...],
) -> Fault:
    unseen = {
        host.address: name
        for name, host in all_hosts(inventory).items()
        if name in state.unreachable
    }
    ours = next((unseen[address] for address in others if address in unseen), None)
    if ours is not None:
        text = f"answers for {vip} on the LAN ({mac}), and cannot be looked at"
        return Fault(ours, text, "mend that first: see what is said of it above")
    known = f"{mac}, {', '.join(sorted(set(map(str, others))))}" if others else mac
    text = f"a machine that is not in the inventory answers for {vip} on the LAN: {known}"
    if unseen:
        text = f"a machine that is not seen here answers for {vip} on the LAN: {known}; is it"
        text += f" {' or '.join(unseen.values())}?"
    fix = (
        f"clients are sent there: take {vip} off that machine, or take it off the LAN; the"
        " switch's table of MAC addresses tells its port"
    )
    return Fault("", text, fix)


def _speakers(inventory: Inventory, state: ClusterState) -> list[Fault]:
    ours = {
        address
        for host in inventory.directors.hosts.values()
        for address in (host.address, host.address6)
    }
    ours |= {
        bound.address
        for director in state.directors.values()
        for bound in director.interfaces.addresses
    }
    blind = any(name in state.unreachable for name in inventory.directors.hosts)
    found: dict[tuple[int, IPAddress], Speaker] = {}
    hearers: dict[tuple[int, IPAddress], list[str]] = {}
    for name, director in state.directors.items():
        for speaker in director.claims.speakers:
            if speaker.source in ours or (blind and isinstance(speaker.source, IPv6Address)):
                # An IPv6 router speaks by its link-local address: not known of one not looked at.
                continue
            key = (speaker.vrid, speaker.source)
            found[key] = speaker
            hearers.setdefault(key, []).append(name)
    return [_speaker(inventory, one, hearers[key]) for key, one in found.items()]


def _speaker(inventory: Inventory, speaker: Speaker, hearers: list[str]) -> Fault:
    vips = {vip.address.ip: virtual_router_id_of(inventory, vip) for vip in inventory.virtual_ips}
    names = {host.address: name for name, host in all_hosts(inventory).items()}
    who = str(speaker.source)
    who += f" ({names[speaker.source]})" if speaker.source in names else ""
    holds = ", ".join(map(str, speaker.addresses)) or "no address"
    text = (
        f"{who} speaks VRRP with VRID {speaker.vrid}, priority {speaker.priority}, for {holds};"
        f" {' and '.join(hearers)} {'hears' if len(hearers) == 1 else 'hear'} it"
    )
    if vips.keys() & set(speaker.addresses):
        fix = f"it takes part in this cluster's election: stop Keepalived on {speaker.source}"
    else:
        fix = (
            f"another cluster uses this VRID on the same network: give one of the two another"
            f" (`vrrp.virtual_router_id`; here {speaker.vrid}), then `cluster deploy`"
        )
    return Fault("", text, fix)
