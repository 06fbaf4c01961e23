"""Pythons of distributions whose hosts have none yet, or cannot be looked at. Pure."""

import re
from pathlib import PurePosixPath

from ...facts.distribution import Distribution
from ...facts.host_python import HostPython
from .errors import BundleError

_PYTHONS = {
    "bookworm": ((3, 11, 2), (2, 36)),
    "trixie": ((3, 13, 5), (2, 41)),
    "jammy": ((3, 10, 4), (2, 35)),
    "noble": ((3, 12, 3), (2, 39)),
}
"""Versions of python3 and glibc, as they first came, by the release's codename."""
_MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}


def packaged_python(distribution: Distribution, interpreter: PurePosixPath) -> HostPython:
    """The Python that a distribution installs as ``interpreter``. Raises ``BundleError``."""
    named = re.fullmatch(r"/usr/bin/python3(?:\.(\d+))?", str(interpreter))
    known = _PYTHONS.get(distribution.codename)
    machine = _MACHINES.get(distribution.architecture)
    if named is None or known is None or machine is None:
        raise BundleError(
            f"nothing is known of {interpreter} on {distribution}; install it on a host and run "
            "this where the hosts can be reached, without --for"
        )
    version, glibc = known
    return HostPython((3, int(named[1]), 0) if named[1] else version, machine, glibc)
