"""A probe as a fragment of a host's script, and its answer. Pure but for reading package data."""

import json
import secrets
import shlex
from importlib import resources
from typing import Any

from ..errors import ClusterError
from ..resources.base import Observation


class ProbeError(ClusterError):
    """A probe did not run to its end; the message is its last output."""


def python_probe(name: str, argument: object, *, python: str = "python3") -> str:
    """Fragment that runs ``provisioning/facts/probes/NAME.py`` with one JSON argument."""
    source = (resources.files(f"{__package__}.probes") / f"{name}.py").read_text("utf-8")
    return python_script(source, argument, python=python)


def python_script(source: str, argument: object, *, python: str = "python3") -> str:
    """Fragment that runs a Python source with one JSON argument."""
    end = f"PYTHON_{secrets.token_hex(8)}"
    # -I and -S: nothing of the host's own Python set-up is needed, and it starts faster.
    command = f"{shlex.quote(python)} -I -S - {shlex.quote(json.dumps(argument))}"
    return f"{command} <<'{end}'\n{source}\n{end}"


def answer(observation: Observation) -> Any:
    """Answer of a probe. Raises ``ProbeError``."""
    try:
        return json.loads(observation.stdout)
    except ValueError:
        lines = observation.stderr.strip().splitlines() or [f"status {observation.status}"]
        raise ProbeError(lines[-1]) from None
