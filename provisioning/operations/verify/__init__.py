"""Proves that a cluster works, from a client's place and on its hosts."""

from provisioning.operations.verify.check import CheckResult
from provisioning.operations.verify.proof import verify

__all__ = ["CheckResult", "verify"]
