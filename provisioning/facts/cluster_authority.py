"""The cluster's own certificate authority, as a director keeps it. Pure."""

from ..places import AUTHORITY_FILE
from ..resources.base import Observation
from .fact import Fact


def _text(found: Observation) -> str:
    return found.stdout


CLUSTER_AUTHORITY = Fact(
    "cluster_authority", f"[ ! -f {AUTHORITY_FILE} ] || cat {AUTHORITY_FILE}", _text
)
"""Key and certificate in PEM, to be shown nowhere; empty where there is none."""
