"""Looks again and again, without waiting for hosts that are gone."""

from collections.abc import Callable, Collection
from threading import Thread

from ...engine.fleet import Fleet
from ...model.cluster_record import ClusterRecord
from ...model.inventory import Inventory
from ..cluster_state.look import look_at_connected, looked_at
from ..cluster_state.state import ClusterState

_TIMEOUT = 10.0
"""Seconds after which a host counts as gone."""


class Watch:
    """A living cluster. Connections that are lost are made again beside the looks."""

    def __init__(
        self,
        inventory: Inventory,
        fleet: Fleet,
        ours: Callable[[], ClusterRecord],
        only: Collection[str] | None = None,
    ) -> None:
        self._inventory, self._fleet, self._ours, self._only = inventory, fleet, ours, only
        self._names = looked_at(inventory, only)
        self._connecting: Thread | None = None
        fleet.connect(self._names)

    def look(self) -> ClusterState:
        """The state now."""
        if self._connecting is None or not self._connecting.is_alive():
            # A daemon: the program may end while a host is still waited for.
            self._connecting = Thread(target=self._fleet.connect, args=[self._names], daemon=True)
            self._connecting.start()
        return look_at_connected(
            self._inventory, self._fleet, self._ours(), self._only, timeout=_TIMEOUT
        )
