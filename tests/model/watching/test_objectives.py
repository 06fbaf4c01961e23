"""Objectives and what nodes measure."""

from app.metrics.jobs import SECONDS
from provisioning.model.watching.objectives import BOUNDS, Objectives


def test_the_times_that_can_be_promised_are_those_that_nodes_count_by() -> None:
    assert set(BOUNDS) <= set(SECONDS)
    assert {bound for bound in SECONDS if 0.1 <= bound <= 60} == set(BOUNDS)


def test_what_is_not_promised_has_no_label() -> None:
    assert Objectives().labels == ()
    both = {"first_audio": {"seconds": 1}, "served": 99}
    assert Objectives.model_validate(both).labels == ("served", "first_audio")
