"""Hosts that remember the cluster write its record down at the same time."""

import threading

import pytest

from provisioning.engine.seat import BYE
from provisioning.model.cluster_record import ClusterRecord
from provisioning.operations.run.seats import LostSeatError, Seats
from provisioning.transport.base import Completed, TransportError

NAMES = ("lvs1", "lvs2")


class Keeper:
    """A host that sits, and writes down when the others are asked too."""

    def __init__(self, together: threading.Barrier, said: str = "kept") -> None:
        self._together, self._said = together, said
        self.closed = False

    def run(self, *words: object, **named: object) -> Completed:
        raise NotImplementedError("it only sits")

    def converse(self, script: str) -> "Keeper":
        return self

    def answer(self, timeout: float) -> str:
        return "seated "

    def ask(self, line: str, timeout: float) -> str:
        if line.startswith(BYE):
            return "bye"
        self._together.wait(20)
        if not self._said:
            raise TransportError("no answer")
        return self._said

    def close(self) -> None:
        self.closed = True


def seats_of(*said: str) -> tuple[Seats, list[Keeper]]:
    together = threading.Barrier(len(said))
    keepers = [Keeper(together, one) for one in said]
    seats = Seats("me", NAMES)
    for name, keeper in zip(NAMES, keepers, strict=True):
        seats.guard(name, keeper)
    return seats, keepers


def test_all_are_asked_at_the_same_time() -> None:
    seats, _ = seats_of("kept", "kept")
    seats.keep(ClusterRecord())
    assert seats.held == list(NAMES)
    seats.close()


@pytest.mark.parametrize("said", ["", "disk full"])
def test_one_that_keeps_it_is_enough(said: str) -> None:
    seats, _ = seats_of(said, "kept")
    seats.keep(ClusterRecord())
    assert seats.held == (["lvs2"] if not said else list(NAMES))
    seats.close()


def test_none_that_keeps_it_ends_the_run() -> None:
    seats, keepers = seats_of("", "disk full")
    with pytest.raises(LostSeatError, match=r"no answer; lvs2: .*could not be written: disk full"):
        seats.keep(ClusterRecord())
    assert [keeper.closed for keeper in keepers] == [True, False]
    seats.close()
