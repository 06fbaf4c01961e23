"""VRRP runs on a network, not on the machine itself."""

from collections.abc import Iterator

from ..derived.resolve import groups
from ..key_path import KeyPath
from .finding import Context, Finding
from .places import every_vip, hosts


def not_loopback(context: Context) -> Iterator[Finding]:
    """``lo`` is where real servers hold the VIP; it is put there without being asked for."""
    inventory = context.inventory
    written: list[tuple[KeyPath, str | None]] = [(("interface",), inventory.interface)]
    written += [((*path, "interface"), vip.interface) for path, vip in every_vip(inventory)]
    written += [((key, "interface"), group.interface) for key, group in groups(inventory).items()]
    written += [((*path, "interface"), host.interface) for path, _, _, host in hosts(inventory)]
    if inventory.ipvs.sync_daemon is not None:
        written.append((("ipvs", "sync_daemon", "interface"), inventory.ipvs.sync_daemon.interface))
    for path, name in written:
        if name == "lo":
            yield Finding(
                path,
                "lo connects to no other machine",
                "write the interface on the cluster's network; the VIP comes to lo by itself",
            )
