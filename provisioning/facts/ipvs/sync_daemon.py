"""Connection sync daemon of a director, as ``ipvsadm -Ln --daemon`` prints it. Pure."""

from typing import Literal

from ...resources.base import Observation
from ..fact import Fact

SyncRole = Literal["master", "backup"]

_ROLES: tuple[SyncRole, ...] = ("master", "backup")


def _sync_roles(found: Observation) -> tuple[SyncRole, ...]:
    """Lines such as ``master sync daemon (mcast=eth0, syncid=51, ...)``."""
    return tuple(role for role in _ROLES if f"{role} sync daemon" in found.stdout)


SYNC_ROLES = Fact("sync_roles", "ipvsadm -Ln --daemon", _sync_roles)
"""Sides of the connection sync daemon that run."""
