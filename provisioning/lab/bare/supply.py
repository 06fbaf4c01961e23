"""Images, disks and packages of bare machines."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from .. import machines
from ..forwarder import Inward
from ..machine_files import Identity
from ..state import StateFolder
from ..topology import Node, Topology
from . import apt_cache, image
from .files import bare_machine_files
from .mirror import Mirror, of_this_computer


@dataclass(frozen=True)
class Supply:
    """The mirror of this computer, and for each release the image that disks begin as."""

    mirror: Mirror
    images: Mapping[int, Path]


def provide(topology: Topology, report: Callable[[str], None]) -> Supply | None:
    """Make the images that are missing; None if no machine is bare.

    Raises LabError if apt has no mirror here or an image cannot be made.
    """
    if not topology.debian:
        return None
    mirror = of_this_computer()
    kernel = machines.uml_version()
    images = {
        release: image.provide(release, kernel, mirror, report) for release in topology.debian
    }
    return Supply(mirror, images)


def write_machine(
    folder: StateFolder, topology: Topology, node: Node, debian: int, who: Identity, supply: Supply
) -> None:
    """Write a bare machine's folder, with an empty disk over the image."""
    mirror = apt_cache.seen_from(topology.lan, supply.mirror)
    files = bare_machine_files(topology, node, debian, who, mirror)
    machines.write(folder.node(node.name), files)
    disk = folder.disk(node.name)
    shutil.rmtree(disk, ignore_errors=True)
    disk.mkdir(parents=True, mode=0o700)
    folder.node(node.name).joinpath(machines.DISK).symlink_to(disk)
    folder.node(node.name).joinpath(machines.IMAGE).symlink_to(supply.images[debian])


def start_apt_cache(folder: StateFolder, mirror: Mirror) -> None:
    """Start what the machines' apt fetches from; it ends with the lab."""
    packages = image.CACHE / "apt"
    apt_cache.start(folder.name, mirror, folder.apt_socket, packages, folder.apt_log)


def ways_out(folder: StateFolder, topology: Topology) -> list[Inward]:
    """Ports of this computer that the machines reach: the cache of apt, if they are bare. Pure."""
    if not topology.debian:
        return []
    return [Inward(str(topology.lan.control), apt_cache.PORT, str(folder.apt_socket))]
