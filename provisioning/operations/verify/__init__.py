"""Proves that a cluster works, from a client's place and on its hosts."""

from .check import CheckResult
from .proof import verify

__all__ = ["CheckResult", "verify"]
