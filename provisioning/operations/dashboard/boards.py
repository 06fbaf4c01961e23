"""The places of the boards, on each monitoring host."""

from collections.abc import Callable
from dataclasses import dataclass

import httpx

from ...model.address import IPAddress, endpoint
from ...model.inventory import Inventory
from ...model.watching.monitoring import Monitoring
from ...roles.monitoring.boards.console import page_file
from ...roles.monitoring.boards.every import boards

_PATIENCE = 2.0
"""Seconds until a host counts as out of reach."""


@dataclass(frozen=True, slots=True)
class Page:
    """One board."""

    name: str
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Watcher:
    """A monitoring host, as it is seen from here."""

    host: str
    address: IPAddress
    port: int
    reached: bool
    """Whether its Prometheus is reached without a tunnel."""

    @property
    def place(self) -> str:
        """``192.0.2.1:9090``."""
        return endpoint(self.address, self.port)


def reached(address: IPAddress, port: int) -> bool:
    """Prometheus says there that it is ready. Raises nothing."""
    url = f"http://{endpoint(address, port)}/-/ready"
    try:
        return httpx.get(url, timeout=_PATIENCE, trust_env=False).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def watchers(
    monitoring: Monitoring, reaches: Callable[[IPAddress, int], bool] = reached
) -> list[Watcher]:
    """Every monitoring host; those within reach come first."""
    port = monitoring.ports.prometheus
    found = [
        Watcher(name, host.address, port, reaches(host.address, port))
        for name, host in monitoring.hosts.items()
    ]
    return sorted(found, key=lambda one: not one.reached)


def pages(inventory: Inventory, place: str) -> list[Page]:
    """The boards of a Prometheus that answers at this place."""
    return [
        Page(board.name, board.title, f"http://{place}/consoles/{page_file(board)}")
        for board in boards(inventory)
    ]
