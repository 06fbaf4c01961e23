"""History of a node's cards: when which went out of service and came back, and why.

In a file on the node's disk, as the reboot that repairs a card would end a history in memory.
"""

import json
import logging
import time
from collections import deque
from dataclasses import asdict, dataclass
from pathlib import Path

from ..outputs import atomic

_KEPT = 50
_OWNER_ONLY = 0o600
_log = logging.getLogger("app.gpus")


@dataclass(frozen=True, slots=True)
class Event:
    """Something that became of a card, or of the node for its cards."""

    time: str
    """UTC, ISO 8601."""
    event: str
    """``out``, ``back``; of the node ``node out``, ``node back``, ``node stays``."""
    gpu: int | None
    """Nothing where it is of the node."""
    reason: str
    slots: tuple[int, ...]
    """Numbers of the slots that it is about."""


class Events:
    """The latest events, the oldest first. Without a path they are this process's."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._events: deque[Event] = deque(_read(path), maxlen=_KEPT)

    def add(self, event: str, gpu: int | None, reason: str, slots: tuple[int, ...]) -> None:
        """Note an event of now."""
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        self._events.append(Event(when, event, gpu, reason, slots))
        if self._path is None:
            return
        try:
            atomic.write(self._path, json.dumps(self.told()).encode(), _OWNER_ONLY)
        except OSError as error:
            _log.warning("%s cannot be written: %s", self._path, error)

    def told(self) -> list[dict[str, object]]:
        """The events as JSON has them."""
        return [asdict(event) for event in self._events]


def _read(path: Path | None) -> list[Event]:
    if path is None:
        return []
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        return [Event(**{**event, "slots": tuple(event["slots"])}) for event in told]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError, KeyError) as error:
        _log.warning("%s cannot be read, and begins anew: %s", path, error)
        return []
