"""Secret by which the nodes know each other, on a real server. Pure."""

from provisioning.facts.fact import Fact
from provisioning.places import SECRET_FILE
from provisioning.resources.base import Observation


def _secret(found: Observation) -> str:
    return found.stdout.strip()


def _checksum(found: Observation) -> str:
    return found.stdout.partition(" ")[0]


CLUSTER_SECRET = Fact("cluster_secret", f"[ ! -f {SECRET_FILE} ] || cat {SECRET_FILE}", _secret)
"""The secret itself; empty where there is none."""

SECRET_CHECKSUM = Fact("secret_checksum", f"sha256sum < {SECRET_FILE}", _checksum)
"""Checksum to compare with others' and to show nowhere; empty where there is none."""
