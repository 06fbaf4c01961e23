"""How long an upgrade will take, by what its phases took before. Pure but for one run."""

from pathlib import Path

import pytest

from provisioning.operations.rolling_upgrade.downtime import whole
from provisioning.operations.rolling_upgrade.forecast import forecast, learned, roughly
from provisioning.operations.rolling_upgrade.options import UpgradeOptions
from provisioning.operations.rolling_upgrade.phases import SEQUENCES
from provisioning.operations.rolling_upgrade.state import (
    Node,
    NodeStatus,
    Upgrade,
    from_record,
    to_record,
)
from tests.operations.rolling_upgrade.fake_cluster import EventRecorder
from tests.operations.rolling_upgrade.runs import run
from tests.operations.rolling_upgrade.test_window import some

TOOK = {
    "stage": 5.0,
    "drain": 10.0,
    "stop": 2.0,
    "switch": 1.0,
    "start": 3.0,
    "warm": 20.0,
    "smoke_test": 2.0,
    "restore": 2.0,
}
OUT = sum(TOOK.values()) - TOOK["stage"]
STAGED = {"done": ("stage",)}


def node(number: int, batch: int, **fields: object) -> Node:
    return Node(**{"host": f"rs{number}", "role": "real_server", "batch": batch, **fields})  # type: ignore[arg-type]


def upgraded(number: int, batch: int) -> Node:
    seconds = {whole(name): took for name, took in TOOK.items()}
    names = SEQUENCES["real_server"]
    return node(number, batch, status=NodeStatus.UPGRADED, done=names, seconds=seconds)


def upgrade(*nodes: Node, expected: dict[str, float] | None = None, **how: object) -> Upgrade:
    options = UpgradeOptions(**{"soak": 60.0, "soak_rest": 15.0, **how})  # type: ignore[arg-type]
    return Upgrade("run", "2.0", {}, options, nodes, "now", expected=expected or {})


def left(of: Upgrade, elapsed: dict[str, float] | None = None, forks: int = 10) -> float | None:
    return forecast(of, elapsed or {}, forks).seconds


def test_nothing_is_foretold_that_was_never_measured() -> None:
    assert left(upgrade(node(1, 1))) is None
    assert str(forecast(upgrade(node(1, 1)), {}, 10)) == "0 of 1 nodes done"


def test_batches_one_after_the_other_as_long_as_each_takes() -> None:
    nodes = (upgraded(1, 1), *(node(n, 1 + n // 2, **STAGED) for n in range(2, 6)))
    assert left(upgrade(*nodes)) == pytest.approx(2 * (OUT + 15))
    # One batch of two that are not worked on at the same time.
    assert left(upgrade(*nodes), forks=1) == pytest.approx(4 * (OUT + 15))


def test_a_window_goes_on_when_one_is_back() -> None:
    waiting = [node(n, 2, **STAGED) for n in range(2, 8)]
    assert left(upgrade(upgraded(1, 1), *waiting, max_out="2")) == pytest.approx(3 * OUT + 15)


def test_those_under_way_have_only_the_rest_left() -> None:
    moving = node(2, 2, status=NodeStatus.UNDER_WAY, at="warm", done=SEQUENCES["real_server"][:5])
    known = upgrade(upgraded(1, 1), moving)
    assert left(known) == pytest.approx(20 + 2 + 2 + 15)
    assert left(known, {"rs2": 12.0}) == pytest.approx(8 + 2 + 2 + 15)
    assert left(known, {"rs2": 99.0}) == pytest.approx(2 + 2 + 15)


def test_what_is_not_staged_is_staged_first_and_a_canary_is_watched_longer() -> None:
    nodes = (node(1, 1, canary=True), node(2, 2))
    assert left(upgrade(*nodes, expected=TOOK)) == pytest.approx(5 + OUT + 60 + OUT + 15)
    assert left(upgrade(*nodes, expected=TOOK), forks=1) == pytest.approx(10 + 2 * OUT + 75)


def test_the_next_upgrade_begins_with_what_this_one_took() -> None:
    now = learned(upgrade(upgraded(1, 1), expected={"warm": 99.0, "change": 4.0}))
    assert now == {**TOOK, "change": 4.0}
    record = to_record(upgrade(node(1, 1), expected=TOOK))
    assert from_record(record).expected == TOOK
    del record["expected"]
    assert from_record(record).expected == {}


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (3, "about 10 s"),
        (44, "about 40 s"),
        (100, "about 2 min"),
        (5300, "about 88 min"),
        (8040, "about 2 h 14 min"),
    ],
)
def test_a_forecast_is_told_roughly(seconds: float, words: str) -> None:
    assert roughly(seconds) == words


def test_a_run_tells_how_long_it_will_take_after_its_first_node(tmp_path: Path) -> None:
    recorder = EventRecorder()
    run(some(3), tmp_path, UpgradeOptions(soak=9, soak_rest=3), recorder)
    told = [event for event in recorder.events if event.kind == "forecast"]
    assert [event.facts["nodes_done"] for event in told] == [1, 2, 3]
    first, second, last = (event.facts["seconds_left"] for event in told)
    assert first > second > last == 0
    assert "1 of 3 nodes done, about" in told[0].text and told[2].text == "3 of 3 nodes done"
