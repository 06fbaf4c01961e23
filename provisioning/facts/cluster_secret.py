"""Secret by which the nodes know each other, on a real server. Pure."""

from ..places import ACCEPTED_SECRETS_FILE, SECRET_FILE
from ..resources.base import Observation
from .fact import Fact


def _secret(found: Observation) -> str:
    return found.stdout.strip()


def _checksum(found: Observation) -> str:
    return found.stdout.partition(" ")[0]


CLUSTER_SECRET = Fact("cluster_secret", f"[ ! -f {SECRET_FILE} ] || cat {SECRET_FILE}", _secret)
"""The secret itself; empty where there is none."""

ACCEPTED_SECRETS = Fact(
    "accepted_secrets",
    f"[ ! -f {ACCEPTED_SECRETS_FILE} ] || cat {ACCEPTED_SECRETS_FILE}",
    lambda found: tuple(found.stdout.splitlines()),
)
"""Those that are good besides; none where no secret is being exchanged."""

SECRET_CHECKSUM = Fact("secret_checksum", f"sha256sum < {SECRET_FILE}", _checksum)
"""Checksum to compare with others' and to show nowhere; empty where there is none."""
