"""Fatal Xid errors that outlive the process that saw them: the driver tells of each once.

A file on the node's disk has them with the boot of the host; those of another boot count no more.
"""

import json
import logging
from collections.abc import Iterable
from pathlib import Path

from ..outputs import atomic
from .gpu import Gpu
from .xids import FATAL

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_OWNER_ONLY = 0o600
_log = logging.getLogger("app.gpus")


class PastXids:
    """The file. Without one nothing is kept."""

    def __init__(self, path: Path | None, boot: Path = _BOOT) -> None:
        self._path = path
        self._boot = boot
        self._kept: list[dict[str, object]] = []

    def read(self) -> list[Gpu]:
        """The cards that had fatal Xids since this boot, as far as they are known."""
        if self._path is None:
            return []
        try:
            told = json.loads(self._path.read_text(encoding="utf-8"))
            cards = [_card(card) for card in told["cards"]] if told["boot"] == self._now() else []
        except FileNotFoundError:
            return []
        except (OSError, ValueError, TypeError, KeyError) as error:
            _log.warning("%s cannot be read, and says of no GPU: %s", self._path, error)
            return []
        self._kept = _told(cards)
        return cards

    def keep(self, cards: Iterable[Gpu]) -> None:
        """Write down those that have any, where that has changed."""
        told = _told(cards)
        if self._path is None or told == self._kept:
            return
        try:
            content = json.dumps({"boot": self._now(), "cards": told}).encode()
            atomic.write(self._path, content, _OWNER_ONLY)
        except OSError as error:
            _log.warning("%s cannot be written: %s", self._path, error)
        else:
            self._kept = told

    def _now(self) -> str:
        return self._boot.read_text(encoding="ascii").strip()


def _told(cards: Iterable[Gpu]) -> list[dict[str, object]]:
    return [
        {"index": card.index, "uuid": card.uuid, "name": card.name, "xids": list(fatal)}
        for card in cards
        if (fatal := tuple(xid for xid in card.xids if xid in FATAL))
    ]


def _card(told: dict[str, object]) -> Gpu:
    index, xids = told["index"], told["xids"]
    if not isinstance(index, int) or not isinstance(xids, list):
        raise ValueError(f"not a card: {told!r}")
    return Gpu(
        index, str(told["name"]), uuid=str(told["uuid"]), xids=tuple(int(xid) for xid in xids)
    )
