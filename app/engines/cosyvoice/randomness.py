"""Two sources of chance in one process, so that a seed means the same speech every time.

While a stream is made, the language model draws tokens in one thread and the vocoder draws noise
in another, both from torch's one global generator: which of them draws first is up to the
scheduler, and two streams with the same seed differ. Each gets a state of its own here, put into
the generator for as long as it draws.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

_Made = TypeVar("_Made")
_State = tuple[Any, Any]


class Randomness:
    """The states of the two. One seeded job at a time."""

    def __init__(self, set_all_random_seed: Callable[[int], None]) -> None:
        self._set_all_random_seed = set_all_random_seed
        self._lock = threading.Lock()
        self._states: dict[str, _State] = {}
        self.seed(0)

    def seed(self, seed: int) -> None:
        """Begin a job."""
        with self._lock:
            self._set_all_random_seed(seed)
            state = _state()
            self._states = {"tokens": state, "noise": state}

    def apart(self, source: str, function: Callable[..., _Made]) -> Callable[..., _Made]:
        """``function``, drawing from the ``source`` "tokens" or "noise"."""

        def drawing(*arguments: Any, **named: Any) -> _Made:
            with self._drawing(source):
                return function(*arguments, **named)

        return drawing

    @contextlib.contextmanager
    def _drawing(self, source: str) -> Iterator[None]:
        with self._lock:
            _restore(self._states[source])
            try:
                yield
            finally:
                self._states[source] = _state()


def _state() -> _State:
    import torch

    return torch.get_rng_state(), torch.cuda.get_rng_state() if torch.cuda.is_available() else None


def _restore(state: _State) -> None:
    import torch

    torch.set_rng_state(state[0])
    if state[1] is not None:
        torch.cuda.set_rng_state(state[1])
