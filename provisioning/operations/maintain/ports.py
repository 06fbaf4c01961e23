"""Interface between the phases of a maintenance and the cluster."""

from collections.abc import Collection
from typing import Protocol

from ...facts.gpus import GpusFound
from ..rolling.errors import ActionError
from ..rolling_upgrade.ports import ClusterActions
from .host_command import CommandSeen


class HostIdentityError(ActionError):
    """A host shows another key than it should: nothing more is done there."""


class CommandRefusedError(ActionError):
    """A host that can be reached cannot begin its command, such as for want of room."""


class MaintenanceActions(ClusterActions, Protocol):
    """Actions of a maintenance. As those of an upgrade, each may be called again after a cut, and
    raises ``ActionError``."""

    def holders(self) -> frozenset[str]:
        """Directors and edges that hold a VIP."""

    def boot_id(self, host: str) -> str:
        """Id of the boot that the host is in."""

    def gpus(self, host: str) -> GpusFound | None:
        """GPUs of a real server; None where there is no driver and none is expected."""

    def begin_command(self, host: str, key: str) -> None:
        """Begin the host's command, unless one of that key was begun there before. Raises
        ``CommandRefusedError``."""

    def command(self, host: str, key: str, offset: int) -> CommandSeen:
        """Look at the command of that key, with its output from ``offset`` bytes. Raises
        ``HostIdentityError``."""

    def reboot(self, host: str) -> None:
        """Order a reboot; it begins a moment later."""

    def not_back(self, host: str, boot: str) -> str:
        """Say why the host is not back from a reboot of the boot of id ``boot``; empty once it is.
        Raises ``HostIdentityError``."""

    def leave_edge(self, host: str) -> str | None:
        """Move the edges' VIP from this edge to another, and name that one; None where this one
        does not hold it. Raises where no other edge is fit."""

    def open_connections(self, host: str) -> int:
        """Count the connections that clients have to an edge."""

    def role_trouble(self, host: str, roles: Collection[str]) -> str:
        """Say what is wrong with a host in those of its roles that stand by themselves, and with
        what others have of it; empty where nothing is."""
