"""Names by which hosts that exchange logs know each other."""

from ..inventory import Inventory


def peer_name(inventory: Inventory, host: str) -> str:
    """The name in a host's certificate: nobody's address, so that it proves nothing elsewhere."""
    return f"{host}.logs.{inventory.name}"
