"""Table of keys and the nodes that own them, as far as this node knows. Bounded in number and in
time."""

import time
from collections import OrderedDict
from collections.abc import Callable

IDLE = 2 * 3600.0
"""Seconds after its last use an entry is forgotten; Gradio itself forgets a session after one
hour."""
_RENEWED = 1800.0
"""Seconds after which others are to be told again of an entry that is in use."""
MOST = 200_000


class SessionTable:
    """Keys and their owners. An entry stays what it is until it is set anew or forgotten."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._entries: OrderedDict[str, tuple[str, float, float]] = OrderedDict()
        """Owner, when it was used, when it was set."""

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: str) -> str | None:
        """The owner of a key; asking keeps the entry fresh."""
        found = self._entries.get(key)
        if found is None:
            return None
        owner, used, told = found
        if self._clock() - used > IDLE:
            del self._entries[key]
            return None
        self._put(key, owner, told)
        return owner

    def renewal_due(self, key: str) -> bool:
        """Tell whether an entry is so old that those who only remember it may forget it soon; true
        once, until the next time is over."""
        found = self._entries.get(key)
        if found is None or self._clock() - found[2] < _RENEWED:
            return False
        self.set(key, found[0])
        return True

    def forget(self, owner: str) -> None:
        """Forget all entries of an owner."""
        for key in [key for key, (name, *_) in self._entries.items() if name == owner]:
            del self._entries[key]

    def set(self, key: str, owner: str) -> None:
        """Set the owner of a key; the entries that were used least lately give way."""
        self._put(key, owner, self._clock())

    def _put(self, key: str, owner: str, told: float) -> None:
        self._entries[key] = (owner, self._clock(), told)
        self._entries.move_to_end(key)
        if len(self._entries) > MOST:
            self._entries.popitem(last=False)
