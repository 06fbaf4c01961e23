"""Release that the next start of the app takes. Pure."""

import shlex
from pathlib import PurePosixPath

from provisioning.facts.fact import Fact
from provisioning.resources.base import Observation


def current_release(directory: PurePosixPath) -> Fact[str]:
    """Id of the release that ``current`` leads to; empty where there is none."""
    return Fact("current_release", f"readlink {shlex.quote(str(directory / 'current'))}", _name)


def _name(found: Observation) -> str:
    return PurePosixPath(found.stdout.strip()).name
