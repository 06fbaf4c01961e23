"""The peers that are asked regularly: all of few; of many as many by each as ask it."""

from collections import Counter

import pytest

from app.session_routing.peers.rings import ALL, RINGS, asked


def _names(count: int) -> list[str]:
    return [f"rs{number:04}" for number in range(1, count + 1)]


@pytest.mark.parametrize("count", [1, 2, 3, 8, ALL + 1])
def test_of_few_every_peer_is_asked(count: int) -> None:
    names = _names(count)
    assert all(asked(name, names) == set(names) - {name} for name in names)


@pytest.mark.parametrize("count", [ALL + 2, 100])
def test_of_many_each_is_asked_by_as_many_as_it_asks(count: int) -> None:
    names = _names(count)
    graph = {name: asked(name, names) for name in names}
    by = Counter(peer for peers in graph.values() for peer in peers)
    # Two rings may agree in who is next.
    assert all(RINGS - 5 <= len(peers) <= RINGS for peers in graph.values())
    assert all(RINGS - 5 <= by[name] <= RINGS for name in names)


@pytest.mark.parametrize("count", [ALL + 2, 200])
def test_what_one_hears_is_a_few_steps_from_all(count: int) -> None:
    names = _names(count)
    graph = {name: asked(name, names) for name in names}
    known, steps = {names[0]}, 0
    while len(known) < count:
        known |= {name for name in names if graph[name] & known}
        steps += 1
    assert steps <= 4


def test_who_comes_or_goes_changes_little() -> None:
    names = _names(100)
    fewer = [name for name in names if name != "rs0050"]
    changed = [name for name in fewer if asked(name, names) != asked(name, fewer)]
    assert 0 < len(changed) <= RINGS
