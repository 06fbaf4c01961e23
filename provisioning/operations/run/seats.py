"""The lock of a cluster where it counts: on its hosts, for as long as a run lasts.

Each director that can be reached is held, or each edge where these are alone; a second run, from
whatever machine or folder, finds one of them taken. Where one of them cannot be reached, two runs
could see different ones, so every other host is held too before it is touched. A run that holds
nothing any more touches nothing.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

from ...engine.lock import LockedError
from ...engine.seat import BEAT, PATIENCE, RUN_LOCK, keep_line, parse_seated, seat_script
from ...model.agreeing import agreed
from ...model.cluster_record import ClusterRecord, from_text, to_text
from ...transport.base import Completed, Conversation, Transport, TransportError
from .seat import ANSWER, GOODBYE, MARGIN, Seat, now

_log = logging.getLogger(__name__)

_EVERY = 20.0
_SETTLING = (0.3, 0.7, 1.0)
"""Seconds. Between tries: the lock of a run that was killed goes once its host has heard of it."""


class LostSeatError(TransportError):
    """The run holds the cluster no more."""


class Seats:
    """The hosts that a run holds. Safe to use from many threads."""

    def __init__(self, holder: str, keepers: Iterable[str]) -> None:
        self._holder = holder
        self._others: frozenset[str] = frozenset()
        self._keepers = set(keepers)
        """Directors, or edges alone: they remember the cluster as well."""
        self._seats: dict[str, Seat] = {}
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self.found: dict[str, str] = {}
        """What hosts remembered of the cluster when they were first held, by name."""
        self.record: ClusterRecord | None = None
        """What hosts are to remember, once the run knows that; a keeper that comes back gets
        it."""

    def hold_also(self, names: Iterable[str]) -> None:
        """From now on these are held too before they are touched."""
        self._others = frozenset(names)

    def guard(self, name: str, transport: Transport) -> Transport:
        """The connection for a run: held first where it must be, and of no use to a run that holds
        the cluster no more. Raises ``LockedError`` and ``TransportError``."""
        if name in self._keepers or name in self._others:
            try:
                self._take(name, transport)
            except BaseException:
                transport.close()
                raise
        return Guarded(transport, self)

    def require(self) -> None:
        """Raises ``LostSeatError`` where the run holds no host any more."""
        with self._lock:
            seats = list(self._seats.values())
        if not seats or any(now() < seat.until for seat in seats):
            return
        raise LostSeatError(
            "this run lost its hold on the cluster (no host that it held answers, or this machine "
            "slept), so another may have begun; run it again to go on"
        )

    @property
    def held(self) -> list[str]:
        """Hosts that are held."""
        with self._lock:
            return [name for name, seat in self._seats.items() if now() < seat.until]

    def keep(self, record: ClusterRecord) -> None:
        """Has all keepers that are held remember this, and those that come back. Raises
        ``LostSeatError`` where none did."""
        self.record = record
        line = _line(record)
        with self._lock:
            seats = {n: s for n, s in self._seats.items() if n in self._keepers}
        if not seats:
            return
        # At the same time: every phase of an upgrade waits for this.
        with ThreadPoolExecutor(len(seats)) as pool:
            problems = list(pool.map(lambda name: _have_kept(name, seats[name], line), seats))
        if all(problems):
            raise LostSeatError("; ".join(problems))

    def leave(self, names: Iterable[str]) -> None:
        """These hosts forget the cluster, for good; they stay held to the end."""
        gone = self._keepers & set(names)
        self._keepers -= gone
        with self._lock:
            seats = [seat for name, seat in self._seats.items() if name in gone]
        for seat in seats:
            with contextlib.suppress(TransportError):
                seat.ask(keep_line(""))

    def close(self, record: ClusterRecord | None = None) -> bool:
        """Lets all hosts go, with a last record for the keepers among them to remember: it costs
        no round trip of its own. True where one keeps it."""
        self._ended.set()
        last = to_text(record) if record is not None and record.serial else ""
        with self._lock:
            seats, self._seats = self._seats, {}
        _log.info("hosts let go: %s", ", ".join(seats) or "none")
        kept: list[str] = []

        def leave(name: str, seat: Seat) -> None:
            if seat.say_goodbye(last if name in self._keepers else ""):
                kept.append(name)

        # Side by side: one that hangs must not keep the others, nor the operator.
        leaving = [
            threading.Thread(target=leave, args=(name, seat), daemon=True)
            for name, seat in seats.items()
            if not seat.lost
        ]
        for thread in leaving:
            thread.start()
        end = time.monotonic() + GOODBYE
        for thread in leaving:
            thread.join(max(0.0, end - time.monotonic()))
        for seat in seats.values():
            seat.conversation.close()
        return bool(kept)

    def _take(self, name: str, transport: Transport) -> None:
        with self._lock:
            old = self._seats.pop(name, None)
        if old is not None:
            old.conversation.close()
        seat, remembered = self._sit_down(name, transport)
        _log.info("%s: held by this run; it remembers %d bytes", name, len(remembered))
        if self.record and name in self._keepers:
            self._bring_up_to_date(name, seat, remembered, self.record)
        with self._lock:
            self._seats[name] = seat
            self.found.setdefault(name, remembered)
        threading.Thread(target=self._beat, args=(name, seat), daemon=True).start()

    def _sit_down(self, name: str, transport: Transport) -> tuple[Seat, str]:
        for pause in (*_SETTLING, 0.0):
            begun = now()
            conversation = transport.converse(seat_script(self._holder))
            said = parse_seated(conversation.answer(ANSWER))
            if said is not None and not said.taken:
                return Seat(conversation, begun + PATIENCE - MARGIN), said.record
            conversation.close()
            _log.info("%s: taken by %s", name, said.holder if said else "nobody known")
            if said is None:
                raise LostSeatError(f"{name}: {RUN_LOCK} there cannot be locked (is /run full?)")
            time.sleep(pause)
        raise LockedError(_taken(name, said.holder if said else ""))

    def _bring_up_to_date(self, name: str, seat: Seat, text: str, record: ClusterRecord) -> None:
        """A keeper that was away hears what it missed, unless it is us who did."""
        if text and _apart(record, later := from_text(text)):
            seat.conversation.close()
            raise LockedError(
                f"this run lost its hold on the cluster, and {later.by} has changed it meanwhile; "
                "run it again"
            )
        if text != to_text(record) and (text or record.serial):
            seat.ask(_line(record))

    def _beat(self, name: str, seat: Seat) -> None:
        while not self._ended.wait(_EVERY):
            try:
                seat.ask(BEAT)
            except TransportError as error:
                _log.info("%s: no longer held by this run: %s", name, error)
                seat.lose()
                return


def _have_kept(name: str, seat: Seat, line: str) -> str:
    """Have a host write a record down; return why it did not, or an empty text."""
    if seat.lost:
        return f"{name}: no longer held by this run"
    try:
        said = seat.ask(line)
    except TransportError as error:
        # What comes next must not wait for this host again.
        seat.lose()
        return str(error)
    return "" if said == "kept" else f"{name}: the cluster's record could not be written: {said}"


def _apart(record: ClusterRecord, found: ClusterRecord) -> bool:
    """True where another run wrote what this one does not go on from."""
    if found.lineage != record.lineage:
        return found.serial > record.serial
    return agreed(record, {"": found})[0] != record


def _line(record: ClusterRecord) -> str:
    """Write a record as one line; what is of serial 0 no host need remember."""
    return keep_line(to_text(record) if record.serial else "")


def _taken(name: str, holder: str) -> str:
    return (
        f"{holder or 'another run'} is under way on this cluster ({name} is held by it); wait for "
        f"it. If its machine has died, {name} lets go {PATIENCE} s after it last heard of it"
    )


class Guarded:
    """A connection of a run that holds the cluster."""

    def __init__(self, transport: Transport, seats: Seats) -> None:
        self._transport, self._seats = transport, seats

    def run(
        self,
        script: str | bytes,
        *,
        root: bool = True,
        timeout: float | None = None,
        on_stdout: Callable[[bytes], None] | None = None,
    ) -> Completed:
        """As ``Transport.run``."""
        self._seats.require()
        return self._transport.run(script, root=root, timeout=timeout, on_stdout=on_stdout)

    def converse(self, script: str) -> Conversation:
        """As ``Transport.converse``."""
        return self._transport.converse(script)

    def close(self) -> None:
        """As ``Transport.close``."""
        self._transport.close()
