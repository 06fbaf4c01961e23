"""Connections that a director tells the one that takes over of. Pure but for reading package
data."""

from importlib import resources

from ...facts.probe import python_script
from ...model.derived.resolve import sync_daemon_of, sync_id_of, sync_interface_of
from ...model.inventory import Inventory


def tell_connections(inventory: Inventory, name: str) -> str:
    """Fragment to run on a director before it yields; empty without connection sync. It never
    fails: what cannot be told is left to the kernel's own sync."""
    daemon = sync_daemon_of(inventory)
    if daemon is None:
        return ""
    source = (resources.files(__package__) / "tell_connections.py").read_text("utf-8")
    asked = {
        "interface": sync_interface_of(inventory, name, daemon),
        "id": sync_id_of(inventory, daemon),
        "vips": [str(vip.address.ip) for vip in inventory.virtual_ips],
        "seconds": 3 + 4 * inventory.vrrp.advert_interval,
    }
    script = python_script(source, asked)
    return f'told=$(\n{script}\n) || told=\necho "connections told of: ${{told:-none}}"\n'
