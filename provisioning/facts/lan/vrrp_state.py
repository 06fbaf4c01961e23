"""VRRP state of each VIP on a director, as Keepalived's notify script wrote it down. Pure."""

from ...model.address import IPAddress
from ...model.inventory import Inventory
from ...places import VRRP_STATE, instance_name
from ...resources.base import Observation
from ..fact import Fact


def vrrp_states(inventory: Inventory) -> Fact[dict[IPAddress, str]]:
    """``MASTER``, ``BACKUP``, ``FAULT`` or ``STOP`` by VIP; one of which Keepalived has told
    nothing yet is missing."""
    vips = [vip.address.ip for vip in inventory.virtual_ips]
    fragment = "\n".join(
        f'state=; read -r state < {VRRP_STATE}/vrrp-{instance_name(number)} || :; echo "$state"'
        for number in range(len(vips))
    )

    def parse(found: Observation) -> dict[IPAddress, str]:
        states = zip(vips, found.stdout.splitlines(), strict=False)
        return {vip: state for vip, state in states if state}

    return Fact("vrrp_states", fragment, parse)
