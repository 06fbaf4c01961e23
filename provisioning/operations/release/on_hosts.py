"""Releases of many hosts."""

from pathlib import PurePosixPath

from provisioning.engine.fleet import Fleet
from provisioning.facts.gather import ask
from provisioning.facts.host_releases import HostReleases, host_releases
from provisioning.transport.base import Transport


def look_at_releases(
    directory: PurePosixPath, names: list[str], fleet: Fleet
) -> dict[str, HostReleases]:
    """Connect to hosts and look, in one round trip each. Those that cannot be reached are
    missing, and are in ``fleet.errors``."""
    question = host_releases(directory)

    def look(name: str, transport: Transport) -> HostReleases:
        return ask(name, transport, question)

    fleet.connect(names)
    return fleet.each(names, look)
