"""When cards go out of service and come back, and which slots that costs."""

from collections.abc import Sequence

import pytest

from app.gpus.gpu import Gpu
from app.gpus.holds import away, holds, troubles
from app.gpus.outages import Outages
from app.gpus.places import Places


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_a_card_goes_at_once_and_is_back_after_a_quiet_time() -> None:
    clock = Clock()
    cards = Outages(60, clock)
    cards.look({0: "had Xid 79"})
    assert cards.out[0].reason == "had Xid 79"
    clock.seconds = 100
    cards.look({})
    assert cards.back_in(0) == 60
    clock.seconds = 159
    cards.look({})
    assert cards.back_in(0) == 1
    clock.seconds = 160
    cards.look({})
    assert cards.out == {}


def test_a_card_that_flaps_stays_away_for_longer_each_time() -> None:
    clock = Clock()
    cards = Outages(60, clock)
    waits = []
    for _ in range(8):
        cards.look({0: "is lost"})
        cards.look({})
        waits.append(cards.out[0].quiet)
        clock.seconds += waits[-1]
        cards.look({})
        assert cards.out == {}
    # What is older than an hour does not count.
    assert waits[:6] == [60, 120, 240, 480, 960, 1920]
    assert max(waits) <= 3600 and waits[7] < 3600


def test_a_fault_in_the_quiet_time_begins_another() -> None:
    clock = Clock()
    cards = Outages(60, clock)
    cards.look({0: "is lost"})
    cards.look({})
    clock.seconds = 59
    cards.look({0: "had Xid 79"})
    assert (cards.out[0].reason, cards.back_in(0)) == ("had Xid 79", None)
    clock.seconds = 90
    cards.look({})
    assert cards.back_in(0) == 120


def test_a_trouble_that_lasts_is_one_and_its_reason_the_latest() -> None:
    cards = Outages(60, Clock())
    for reason in ("had Xid 48", "has 2 uncorrectable memory errors"):
        cards.look({0: reason})
    assert (cards.out[0].reason, cards.out[0].quiet) == ("has 2 uncorrectable memory errors", 60)


CARDS = [Gpu(0, "L4", uuid="GPU-aaa0"), Gpu(0, mig=0, uuid="MIG-bbb0"), Gpu(1, uuid="GPU-aaa1")]


@pytest.mark.parametrize(
    ("shown", "visible", "index"),
    [
        ("1", "0", 1),
        # It is not listed: the slot cannot compute.
        ("7", "0", 7),
        ("GPU-aaa1", "0", 1),
        ("GPU-aaa", "0", None),
        ("MIG-bbb0", "0", 0),
        ("", "0", None),
        (None, "1,0", 1),
        (None, "GPU-aaa1", 1),
        # Nobody said that there is a card, and there is none.
        (None, "7", None),
        (None, "", None),
    ],
)
def test_the_card_of_a_slot(shown: str | None, visible: str, index: int | None) -> None:
    places = Places({"CUDA_VISIBLE_DEVICES": visible})
    places.learn(CARDS)
    places.learn([Gpu(0, lost="GPU is lost")])
    assert places.index(shown) == index


def test_troubles_are_told_with_the_card() -> None:
    cards = [
        Gpu(0, "L4", xids=(31, 79)),
        Gpu(1, "L4", ecc_uncorrected=2),
        Gpu(2, lost="GPU is lost"),
        Gpu(3, "L4", xids=(13, 31, 43, 45, 68, 109)),
        Gpu(4, "L4", recovery="a reset"),
        Gpu(4, "L4 MIG", mig=0),
    ]
    assert troubles(cards, {0, 8}) == {
        0: "GPU 0 (L4) had Xid 79",
        1: "GPU 1 (L4) has 2 uncorrectable memory errors",
        2: "GPU 2 is lost: GPU is lost",
        4: "GPU 4 (L4) needs a reset, by its driver's account",
        8: "GPU 8 is not there",
    }
    assert away(cards, {0, 2, 8}) == {2, 8}


@pytest.mark.parametrize(
    ("slots", "out", "gone", "held", "wanted"),
    [
        ((0, 0, 1), {0}, {}, {}, {0, 1}),
        # The last ones stay, if they can still speak.
        ((0, 1), {0, 1}, {}, {}, set()),
        ((0, 1), {0, 1}, {}, {0}, {0}),
        ((0, 1), {0, 1}, {0}, {}, {0}),
        ((0, 1), {0, 1}, {0}, {1}, {0}),
        ((0, 1), {0, 1}, {0, 1}, {0}, set()),
        # A CPU is no card.
        ((None, None), {0}, {}, {}, set()),
    ],
)
def test_slots_that_are_held(
    slots: Sequence[int | None], out: set[int], gone: set[int], held: set[int], wanted: set[int]
) -> None:
    assert set(holds(slots, dict.fromkeys(out, "why"), gone, held)) == wanted
