"""Choice of the job that gets a free slot."""

from hypothesis import given
from hypothesis import strategies as st

from app.lending.decisions import MARGIN, next_best, pick_peer, still_first

_TIMES = st.floats(0, 1000)
_OTHERS = st.dictionaries(st.sampled_from(["rs2", "rs3", "rs4", "rs5"]), _TIMES)


@given(st.none() | _TIMES, _OTHERS)
def test_nobody_who_waits_is_passed_over_by_more_than_the_margin(
    own: float | None, others: dict[str, float]
) -> None:
    chosen = pick_peer(own, others)
    if chosen is None:
        assert not others or (own is not None and min(others.values()) >= own - MARGIN)
    else:
        assert others[chosen] == min(others.values())
        assert own is None or others[chosen] < own - MARGIN


@given(st.none() | _TIMES, _OTHERS)
def test_who_is_chosen_takes_the_slot_unless_it_has_changed(
    own: float | None, others: dict[str, float]
) -> None:
    chosen = pick_peer(own, others)
    if chosen is None:
        return
    second = next_best(own, others, chosen)
    assert still_first(others[chosen], second)
    assert not still_first(None, second)
    if second is not None:
        assert not still_first(second + 2 * MARGIN, second)
    else:
        assert still_first(1e9, None)
