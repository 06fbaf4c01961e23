"""The card that a slot's workers compute on."""

import os
from collections.abc import Iterable, Mapping

from .gpu import Gpu


class Places:
    """Indices of cards by the names that CUDA knows them by. What was seen once stays known: a
    lost card tells neither its UUID nor those of its MIG instances."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._inherited = environment.get("CUDA_VISIBLE_DEVICES", "0").partition(",")[0].strip()
        self._by_uuid: dict[str, int] = {}
        self._seen: set[int] = set()

    def learn(self, cards: Iterable[Gpu]) -> None:
        """Remember the cards and instances there are."""
        for card in cards:
            self._seen.add(card.index)
            if card.uuid:
                self._by_uuid[card.uuid] = card.index

    def index(self, shown: str | None) -> int | None:
        """The card of a slot by what its workers are shown (``WorkerCommand.gpu``); nothing where
        that is none, or a UUID of no card that was ever seen.

        Where it is left to the environment all workers compute on the first card that this shows,
        if there is any: without one they compute elsewhere.
        """
        if shown is None:
            first = self._index(self._inherited)
            return first if first in self._seen else None
        return self._index(shown)

    def _index(self, name: str) -> int | None:
        if name.isdigit():
            return int(name)
        # CUDA takes the beginning of a UUID too, where one alone begins so.
        found = {at for uuid, at in self._by_uuid.items() if name and uuid.startswith(name)}
        return found.pop() if len(found) == 1 else None
