"""Waits for a script that an earlier run left at work on a host: one whose control process was
killed goes on to its end, and the host takes no other changes until then."""

from collections.abc import Callable

from provisioning.operations.rolling_upgrade.clock import Clock
from provisioning.operations.runtime_change import HostBusyError

_PATIENCE = 180.0
_EVERY = 2.0
"""Seconds."""


def when_free(action: Callable[[], None], clock: Clock) -> None:
    """Does it once no other run is at work there. Raises ``HostBusyError`` where one stays, and
    what the action raises."""
    end = clock.now() + _PATIENCE
    while True:
        try:
            action()
        except HostBusyError:
            if clock.now() >= end:
                raise
        else:
            return
        clock.sleep(_EVERY)
