"""The outputs folder of a real server is mounted from where, and as, the inventory says."""

from collections.abc import Iterator

from ....facts.fact import Fact
from ....facts.mounts import Mounted, mount_on
from ....model.inventory import Inventory
from ....roles.storage import mount_source
from ..finding import Finding, Severity
from ..rule import Rule, Seen, asking

_REMOUNT = (
    "`cluster deploy` writes its line in /etc/fstab; an NFS mount takes it up once it is unmounted"
    " and mounted again, with the node drained"
)


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


OUTPUTS_MOUNT = Rule("outputs-mount", asking(_question, "real_servers"), _judge)
