"""Rendezvous hashing: balance, and how little moves."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from app.session_routing.two_choices import ranked

_NAMES = [f"rs{number}" for number in range(1, 9)]


def test_every_node_is_first_for_its_share_of_a_hundred_thousand_sessions() -> None:
    first = Counter(ranked(f"session {number}", _NAMES)[0] for number in range(100_000))
    share = 100_000 / len(_NAMES)
    assert all(abs(first[name] - share) < 0.05 * share for name in _NAMES)


@given(st.text(), st.permutations(_NAMES), st.sampled_from(_NAMES))
def test_order_of_names_is_of_no_account_and_only_what_was_lost_moves(
    key: str, names: list[str], gone: str
) -> None:
    order = ranked(key, names)
    assert order == ranked(key, _NAMES)
    left = ranked(key, [name for name in names if name != gone])
    assert left == [name for name in order if name != gone]
