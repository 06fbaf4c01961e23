"""Releases of many hosts."""

from pathlib import PurePosixPath

from ...engine.fleet import Fleet
from ...facts.gather import ask_each
from ...facts.host_releases import HostReleases, host_releases


def look_at_releases(
    directory: PurePosixPath, names: list[str], fleet: Fleet
) -> dict[str, HostReleases]:
    """Connect to hosts and look, in one round trip each. Those that cannot be reached are
    missing, and are in ``fleet.errors``."""
    fleet.connect(names)
    return ask_each(names, fleet, host_releases(directory))
