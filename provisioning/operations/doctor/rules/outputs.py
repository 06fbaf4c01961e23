"""The outputs folder of a real server is mounted from where, and as, the inventory says, and takes
files in time."""

from collections.abc import Iterator

from ....facts.fact import Fact
from ....facts.mounts import Mounted, mount_on
from ....facts.share_speed import ShareSpeed, share_speed
from ....model.inventory import Inventory
from ....roles.storage import mount_source
from ..finding import Finding, Severity, on_host
from ..rule import Rule, Seen, asking

_REMOUNT = (
    "`cluster deploy` writes its line in /etc/fstab; an NFS mount takes it up once it is unmounted"
    " and mounted again, with the node drained"
)


_PATIENCE = 10
_SLOW = 1.0
"""Seconds for a mebibyte, which is about twenty of sound: no more than a disk and 100 Mbit/s take
under load."""


def _question(inventory: Inventory, _name: str) -> Fact[Mounted | None] | None:
    return mount_on(str(inventory.storage.mount_point)) if inventory.storage else None


def _judge(seen: Seen[Mounted | None]) -> Iterator[Finding]:
    storage = seen.inventory.storage
    for name, found in seen.hosts.items():
        if found is None or storage is None:
            continue
        folder, wanted = storage.mount_point, mount_source(seen.inventory)
        if found.source != wanted:
            yield Finding(
                host=name,
                evidence=f"{found.source} ({found.fstype}) is mounted on {folder} instead of"
                f" {wanted}",
                cause="its outputs go where other nodes do not find them",
                fix="unmount it there, with the node drained, then `cluster deploy`",
            )
        elif differing := _differing(set(storage.mount_options), set(found.options)):
            yield Finding(
                host=name,
                severity=Severity.WARNING,
                evidence=f"{folder} is mounted with {', '.join(differing)}",
                cause="a soft mount loses what is written while the server is away; another version"
                " of NFS has other locks and ports",
                fix=_REMOUNT,
            )


def _differing(wanted: set[str], found: set[str]) -> list[str]:
    """Options in force that contradict what is wanted."""
    said = []
    if "hard" in wanted and "soft" in found:
        said.append("soft instead of hard")
    version = next((one for one in wanted if one.startswith(("vers=", "nfsvers="))), None)
    now = next((one for one in found if one.startswith("vers=")), None)
    if version and now and version.partition("=")[2] != now.partition("=")[2]:
        said.append(f"{now} instead of {version}")
    return said


def _speed(inventory: Inventory, _name: str) -> Fact[ShareSpeed | None] | None:
    if inventory.storage is None:
        return None
    folder, user = str(inventory.storage.mount_point), inventory.app.user
    return share_speed(folder, user, patience=_PATIENCE)


def _slow(seen: Seen[ShareSpeed | None]) -> Iterator[Finding]:
    storage = seen.inventory.storage
    slow = {name: one for name, one in seen.hosts.items() if one and one.seconds > _SLOW}
    everywhere = len(slow) > 1 and len(slow) == sum(one is not None for one in seen.hosts.values())
    for name, found in slow.items():
        if storage is None:
            continue
        server = next(iter(storage.hosts), "the file server")
        watch = on_host(server, "iostat", "-x", "1", "5") if storage.hosts else "iostat"
        yield Finding(
            host=name,
            severity=Severity.WARNING if found.answers else Severity.ERROR,
            evidence=f"{storage.mount_point} took {found.seconds:.1f} s to keep a file of 1 MiB"
            if found.answers
            else f"{storage.mount_point} did not take a file of 1 MiB within {_PATIENCE} s",
            cause="sound is kept in the node's own spool and comes late to where others find it",
            fix=f"all nodes see it, so look at the disk of {server}: {watch}"
            if everywhere
            else "compare it with other nodes, and its link with theirs:"
            f" {on_host(name, 'nfsiostat', '1', '5')}",
        )


OUTPUTS_MOUNT = Rule("outputs-mount", asking(_question, "real_servers"), _judge)
OUTPUTS_SLOW = Rule("outputs-slow", asking(_speed, "real_servers"), _slow)
