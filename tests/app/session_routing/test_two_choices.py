"""Choice of a new session's node: even shares, the less loaded of two, and how little moves."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.session_routing.peers.peer import Condition
from app.session_routing.two_choices import CANDIDATES, candidates, less_loaded, ranked

SESSIONS = 100_000
_EIGHT = [f"rs{number}" for number in range(1, 9)]


def _owners(names: list[str], sessions: int = SESSIONS) -> dict[str, str]:
    """Of many sessions, while all nodes have the same to do."""
    idle = Condition()
    found = {}
    for number in range(sessions):
        key = f"session {number:x}"
        owner = less_loaded([(name, idle) for name in candidates(key, names)])
        assert owner is not None
        found[key] = owner
    return found


@pytest.mark.parametrize("count", [2, 3, 8])
def test_nodes_with_the_same_to_do_own_the_same(count: int) -> None:
    names = [f"rs{number}" for number in range(count)]
    share = SESSIONS / count
    owned = Counter(_owners(names).values())
    assert all(abs(owned[name] - share) < 0.05 * share for name in names), owned


@pytest.mark.parametrize("count", [3, 8])
def test_each_pair_of_nodes_is_asked_equally_often(count: int) -> None:
    names = [f"rs{number}" for number in range(count)]
    pairs = Counter(frozenset(candidates(f"session {n:x}", names)) for n in range(SESSIONS))
    share = SESSIONS / (count * (count - 1) / 2)
    assert len(pairs) == count * (count - 1) / 2
    assert all(abs(times - share) < 0.1 * share for times in pairs.values()), pairs


def test_only_what_a_node_owned_moves_when_it_goes_or_comes() -> None:
    names = [f"rs{number}" for number in range(8)]
    before, after = _owners(names), _owners(names[:-1])
    moved = [key for key in before if before[key] != after[key]]
    assert moved == [key for key in before if before[key] == names[-1]]
    # Read the other way round, the eighth node comes: it takes its share, and nobody else any.
    assert abs(len(moved) - SESSIONS / 8) < 0.05 * SESSIONS / 8
    heirs = Counter(after[key] for key in moved)
    assert all(abs(heirs[name] - len(moved) / 7) < 0.15 * len(moved) / 7 for name in names[:-1])


def test_a_busy_cluster_stays_even_by_load_alone() -> None:
    """Sessions that never end, a job each: two choices leave no node far behind."""
    names = [f"rs{number}" for number in range(8)]
    jobs = Counter(dict.fromkeys(names, 0))
    for number in range(20_000):
        asked = candidates(f"session {number:x}", names)
        owner = less_loaded([(name, Condition(jobs=jobs[name])) for name in asked])
        assert owner is not None
        jobs[owner] += 1
    assert max(jobs.values()) - min(jobs.values()) < 20


_NAMES = st.lists(st.from_regex(r"[a-z]{1,6}[0-9]{0,3}", fullmatch=True), min_size=1, unique=True)
_CONDITIONS = st.builds(
    Condition, ready=st.booleans(), jobs=st.integers(0, 99), slots=st.integers(0, 8)
)


@given(st.text(), _NAMES)
def test_every_node_asks_the_same_two(key: str, names: list[str]) -> None:
    shuffled = sorted(names, reverse=True)
    found = candidates(key, names)
    assert found == candidates(key, shuffled)
    assert len(found) == min(CANDIDATES, len(names)) == len(set(found))


@given(st.text(), _NAMES, st.data())
def test_a_node_that_is_not_asked_can_go_unnoticed(
    key: str, names: list[str], data: st.DataObject
) -> None:
    found = candidates(key, names)
    gone = data.draw(st.sampled_from(names))
    left = candidates(key, [name for name in names if name != gone])
    if gone not in found:
        assert left == found
    else:
        assert [name for name in left if name in found] == [n for n in found if n != gone]


@settings(max_examples=200)
@given(st.lists(st.tuples(st.text(min_size=1), _CONDITIONS), max_size=4))
def test_who_is_ready_goes_before_who_has_less_to_do(answers: list[tuple[str, Condition]]) -> None:
    found = less_loaded(answers)
    if not answers:
        assert found is None
        return
    takers = [answer for answer in answers if answer[1].ready] or answers
    least = min(said.load for _, said in takers)
    assert (found, least) in [(name, said.load) for name, said in takers]


def test_every_node_is_first_for_its_share_of_a_hundred_thousand_sessions() -> None:
    first = Counter(ranked(f"session {number}", _EIGHT)[0] for number in range(100_000))
    share = 100_000 / len(_EIGHT)
    assert all(abs(first[name] - share) < 0.05 * share for name in _EIGHT)


@given(st.text(), st.permutations(_EIGHT), st.sampled_from(_EIGHT))
def test_order_of_names_is_of_no_account_and_only_what_was_lost_moves(
    key: str, names: list[str], gone: str
) -> None:
    order = ranked(key, names)
    assert order == ranked(key, _EIGHT)
    left = ranked(key, [name for name in names if name != gone])
    assert left == [name for name in order if name != gone]
