"""Pins: kept while they are used, told of again in time, forgotten when idle."""

from app.session_routing.session_table import IDLE, SessionTable


class FakeClock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_pin_in_use_is_told_of_again_before_others_forget_it() -> None:
    clock = FakeClock()
    table = SessionTable(clock)
    table.set("session a", "rs1")
    renewed = 0
    for _ in range(100):
        clock.now += IDLE / 20
        assert table.get("session a") == "rs1"
        if table.renewal_due("session a"):
            renewed += 1
            assert not table.renewal_due("session a")
    # In a hundred twentieths of the time after which they forget: at least once in each.
    assert renewed >= 5


def test_an_idle_pin_is_forgotten() -> None:
    clock = FakeClock()
    table = SessionTable(clock)
    table.set("session a", "rs1")
    clock.now = IDLE + 1
    assert table.get("session a") is None
    assert not table.renewal_due("session a")


def test_pins_of_an_owner_can_be_dropped() -> None:
    table = SessionTable(FakeClock())
    table.set("session a", "rs1")
    table.set("session b", "rs2")
    table.forget("rs1")
    assert table.get("session a") is None and table.get("session b") == "rs2"
