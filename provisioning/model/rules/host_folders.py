"""Folders on hosts are nobody else's: not the system's, not this program's, not one another's."""

from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from ...places import APP_ENV, APP_STATE, LOG_FOLDER, STATE
from ..command import Folder
from ..derived.resolve import HOMES, TEMPORARY, hidden_folders
from ..hosts import Variable
from ..inventory import Inventory
from ..key_path import KeyPath
from ..walking import folders
from .finding import Context, Finding

_TREES = (
    "bin", "boot", "dev", "etc", "lib", "lib32", "lib64", "libx32", "lost+found", "proc", "run",
    "sbin", "sys", "usr/bin", "usr/games", "usr/include", "usr/lib", "usr/lib32", "usr/lib64",
    "usr/libexec", "usr/sbin", "usr/share", "usr/src", "usr/local/bin", "usr/local/etc",
    "usr/local/include", "usr/local/lib", "usr/local/man", "usr/local/sbin", "usr/local/share",
    "var/cache", "var/lock", "var/log", "var/mail", "var/run", "var/spool", "var/lib/apt",
    "var/lib/dpkg", "var/lib/dbus", "var/lib/dhcp", "var/lib/nfs", "var/lib/pam",
    "var/lib/private", "var/lib/supervisor", "var/lib/systemd", "var/lib/ucf",
)  # fmt: skip
"""Everything in them is the system's (hier(7), Debian's packages)."""
_TOPS = (
    "home", "media", "mnt", "opt", "root", "srv", "usr", "usr/local", "var", "var/backups",
    "var/lib", "var/local", "var/opt",
)  # fmt: skip
"""Places to make a folder in."""
_PRIVATE = (".ssh", ".gnupg")
_OURS = (STATE, APP_STATE, str(PurePosixPath(APP_ENV).parent), "/var/log/cosyvoice", LOG_FOLDER)
_EXAMPLE = {Folder.APP: "/opt/cosyvoice", Folder.EXPORT: "/srv/cosyvoice/outputs"}
_RELEASES = ("releases", "current", "venv", "run.sh")
"""The names that a deploy puts into the app's folder."""


def own(context: Context) -> Iterator[Finding]:
    """A folder that may be filled, given away or mounted over."""
    hidden = _hidden(context.inventory)
    for path, kind, folder in folders(context.inventory):
        fix = f"use one of its own, such as {_EXAMPLE.get(kind, _EXAMPLE[Folder.EXPORT])}"
        if _within(folder, TEMPORARY):
            yield Finding(
                path, "is emptied at boot, and the app has a /tmp of its own (PrivateTmp)", fix
            )
        elif kind is not Folder.EXPORT and _in_home(folder) and hidden & {*HOMES}:
            yield Finding(path, "homes are hidden from the app (ProtectHome)", fix)
        elif _is_systems(folder) or (kind is Folder.APP and len(folder.parts) == 2):
            yield Finding(path, "a folder of the system", fix)
        elif other := next((own for own in _OURS if _overlap(folder, PurePosixPath(own))), None):
            yield Finding(path, f"{other} is this program's own", fix)


def apart(context: Context) -> Iterator[Finding]:
    """On a host, none hides another."""
    inventory = context.inventory
    storage, app = inventory.storage, inventory.app.directory
    if storage is None:
        return
    mount, export = storage.mount_point, storage.export
    at, rest = ("storage", "mount_point"), (("app", "directory"), ("storage", "export"))
    if mount == app or mount in app.parents or any(_overlap(mount, app / r) for r in _RELEASES):
        yield Finding(
            at, f"it would hide what is in {app} (app.directory)", "write another", also=rest[:1]
        )
    shared = [name for name in storage.hosts if name in inventory.real_servers.hosts]
    if shared and _overlap(mount, export):
        yield Finding(
            at,
            f"{shared[0]} is storage and real server: it would mount over its own export",
            "write another mount_point, or another export",
            also=rest[1:],
        )
    if shared and _overlap(export, app) and export != app / "outputs":
        yield Finding(
            ("storage", "export"),
            f"{shared[0]} would give away {app} (app.directory)",
            "write another",
            also=rest[:1],
        )


def interpreters(context: Context) -> Iterator[Finding]:
    """The app's account can come to its Python."""
    app = context.inventory.app
    places: list[tuple[KeyPath, PurePosixPath]] = [(("app", "python"), app.python)]
    if app.venv is not None:
        places.append((("app", "venv", "python"), app.venv.python))
    for path, python in places:
        yield from _unseen(
            context.inventory,
            path,
            python,
            "make the environment where everybody may read: /opt/cosyvoice/venv",
        )


def variables(context: Context) -> Iterator[Finding]:
    """The app's account can come to what its environment names."""
    fix = "put it where everybody may read, such as /srv/cosyvoice/models"
    for path, name, value in _variables(context.inventory):
        # Further variables are the operator's business.
        if name.startswith("COSYVOICE_") and isinstance(value, str) and value.startswith("/"):
            yield from _unseen(context.inventory, (*path, name), PurePosixPath(value), fix)


def _variables(inventory: Inventory) -> Iterator[tuple[KeyPath, str, Variable]]:
    for name, value in inventory.app.environment.items():
        yield ("app", "environment"), name, value
    for host, server in inventory.real_servers.hosts.items():
        for name, value in server.environment.items():
            yield ("real_servers", "hosts", host, "environment"), name, value


def _unseen(
    inventory: Inventory, path: KeyPath, file: PurePosixPath, fix: str
) -> Iterator[Finding]:
    if _within(file, _hidden(inventory)):
        yield Finding(path, f"the app does not see what is in /{file.parts[1]} of the node", fix)


def _hidden(inventory: Inventory) -> set[str]:
    hosts = inventory.real_servers.hosts
    return {folder for name in hosts for folder in hidden_folders(inventory, name)}


def _is_systems(folder: PurePosixPath) -> bool:
    relative = str(folder).lstrip("/")
    above = any(_overlap(folder, PurePosixPath("/", tree)) for tree in _TREES)
    private = any(part in _PRIVATE for part in folder.parts)
    return above or private or relative in _TOPS


def _in_home(folder: PurePosixPath) -> bool:
    return _within(folder, HOMES) and not _is_systems(folder)


def _within(path: PurePosixPath, tops: Iterable[str]) -> bool:
    return any(path.is_relative_to(PurePosixPath("/", top)) for top in tops)


def _overlap(one: PurePosixPath, other: PurePosixPath) -> bool:
    return one.is_relative_to(other) or other.is_relative_to(one)
