"""The folder for outputs of a real server: the shared one, or one of its own."""

from ...model.inventory import Inventory
from ...resources.base import Resource
from ...resources.directory import Directory
from ...resources.mount import Mount
from ...resources.user import User
from ..storage import mount_source


def output_folder(inventory: Inventory) -> str:
    """Its path on every real server."""
    storage = inventory.storage
    return str(storage.mount_point) if storage else f"{inventory.app.directory}/outputs"


def outputs(inventory: Inventory) -> list[Resource]:
    """The app's account, and the folder it writes to."""
    user, folder = inventory.app.user, output_folder(inventory)
    account = User(name=user, home=str(inventory.app.directory))
    if inventory.storage is None:
        return [account, Directory(path=folder, owner=user, group=user)]
    mount = Mount(
        source=mount_source(inventory),
        target=folder,
        fstype="nfs4",
        options=tuple(inventory.storage.mount_options),
    )
    return [account, mount]
