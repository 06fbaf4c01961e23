"""A node's connections: their limits, who has a place, and why some were closed."""

import logging
from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Protocol

from .causes import Cause
from .early import Early
from .limits import ConnectionLimits
from .proxies import Proxies
from .register import NoPlaceError, Register
from .seldom import Seldom

_log = logging.getLogger("app.connections")


class Connection(Hashable, Protocol):
    """An open connection."""

    def make_room(self) -> None:
        """Close an idle connection for the sake of a new one."""


@dataclass(slots=True)
class Connections:
    """State that the connections of one process share."""

    limits: ConnectionLimits
    proxies: Proxies = field(default_factory=Proxies)
    """Those that are believed about who asks."""
    closed: Counter[Cause] = field(default_factory=Counter)
    early: Early | None = None
    """None where the application answers every request."""
    register: Register[Connection] = field(init=False)
    _seldom: Seldom = field(default_factory=Seldom)

    def __post_init__(self) -> None:
        self.register = Register(self.limits.places, self.limits.places_of_one)

    def admit(self, new: Connection, address: str) -> bool:
        """Give a new connection a place, if there is one; an idle one may lose its own to it."""
        try:
            gone = self.register.enter(new, address, of_many=self.proxies.trusts(address))
        except NoPlaceError:
            self._tell(address)
            return False
        if gone is not None:
            self._tell(address)
            gone.make_room()
        return True

    def _tell(self, address: str) -> None:
        if times := self._seldom.count():
            limits = self.limits
            _log.warning(
                "as many connections as there may be: %d of %d, %d for one address",
                len(self.register),
                limits.places,
                limits.places_of_one,
                extra={"client": address, "times": times},
            )
