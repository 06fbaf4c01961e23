"""Release that the next start of the app takes. Pure."""

import shlex
from pathlib import PurePosixPath

from ..resources.base import Observation
from .fact import Fact


def current_release(directory: PurePosixPath) -> Fact[str]:
    """Id of the release that ``current`` leads to; empty where there is none."""
    return Fact("current_release", f"readlink {shlex.quote(str(directory / 'current'))}", _name)


def _name(found: Observation) -> str:
    return PurePosixPath(found.stdout.strip()).name
