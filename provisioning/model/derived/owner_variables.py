"""Environment variables by which a node learns who sees what. Pure."""

from ..inventory import Inventory


def owner_variables(inventory: Inventory) -> dict[str, str]:
    """Names and values; none where the inventory says nothing, as an app from elsewhere may know
    none of them."""
    owners = inventory.app.owners
    if owners is None:
        return {}
    return {
        "COSYVOICE_HISTORY": owners.history.value,
        "COSYVOICE_UNOWNED": owners.unowned.value,
        "COSYVOICE_DELETION": owners.deletion.value,
        "COSYVOICE_ADMIN_KEYS": ",".join(owners.admin_keys),
        "COSYVOICE_SHARED_VOICES": ",".join(owners.shared_voices),
    }
