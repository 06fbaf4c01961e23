"""Retry while a script of an earlier run still holds a host: a script whose control process was
killed runs to its end, and the host takes no other changes until then."""

from collections.abc import Callable

from ...errors import HostBusyError
from ...rolling.clock import Clock

_PATIENCE = 180.0
_EVERY = 2.0
"""Seconds."""


def wait_for_lock(action: Callable[[], None], clock: Clock) -> None:
    """Run an action once no other run holds the host. Raises ``HostBusyError`` where one stays,
    and what the action raises."""
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
