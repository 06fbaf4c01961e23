"""The two steps to another release, apart from everything else a host should have. Pure.

A deploy takes them in one go. An upgrade unpacks and builds the release while the old one serves,
and switches when the host has no more work; going back is the second step alone.
"""

from dataclasses import replace

from ..resources.artifact import Artifacts
from ..resources.current_release import CurrentRelease
from ..resources.package import Packages
from ..resources.release import Release
from .desired import DesiredHost


def staged(host: DesiredHost) -> DesiredHost:
    """The release is on the host, whole, with its environment; what runs there is not touched."""
    return replace(
        host,
        resources=tuple(r for r in host.resources if isinstance(r, Packages | Artifacts | Release)),
        postconditions=(),
        partial=True,
    )


def switched(host: DesiredHost) -> DesiredHost:
    """The release is the one that runs: its link is switched, its service restarted and ready.

    It must be on the host already, which is looked at again. What else the inventory asks for
    stays as it is, so that going back depends on nothing else.
    """
    return replace(
        host,
        requirements=(),
        resources=tuple(r for r in host.resources if isinstance(r, CurrentRelease)),
        partial=True,
    )
