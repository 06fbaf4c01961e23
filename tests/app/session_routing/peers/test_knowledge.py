"""News of peers: each change is passed on once, and one witness alone makes nobody doubtful."""

from typing import Any

import pytest

from app.session_routing.peers.knowledge import Knowledge
from app.session_routing.peers.peer import Condition

SAID = Condition(release="1", process="p", version=1)
NAMES = {"x", "y"}


def pass_on(source: Knowledge, target: Knowledge, now: float, since: str | None = None) -> Any:
    """All that is new at one goes to the other; of whom it was news there, and the place."""
    news, upto = source.news(since, now)
    return target.told(news, now, NAMES), upto


def knowing(name: str = "x", said: Condition = SAID, spoke: float = 100.0) -> Knowledge:
    knowledge = Knowledge("me")
    knowledge.spoke(name, said, spoke)
    return knowledge


def test_a_change_is_passed_on_once_and_what_a_node_has_to_do_is_no_change() -> None:
    here, there = knowing(), Knowledge("there")
    assert pass_on(here, there, 101.0)[0] == ["x"]
    told, upto = pass_on(here, there, 101.0)
    assert told == []
    assert here.news(upto, 102.0)[0] == []
    here.spoke("x", Condition(release="1", process="p", version=1, jobs=3), 103.0)
    assert here.news(upto, 103.0)[0] == []
    here.spoke("x", Condition(release="1", process="p", version=2, ready=False), 104.0)
    assert pass_on(here, there, 104.0, upto)[0] == ["x"]
    known = there.get("x")
    assert known is not None and not known.condition.ready


def test_places_of_another_process_are_none() -> None:
    here = knowing()
    assert len(here.news("other:5", 101.0)[0]) == len(here.news("nonsense", 101.0)[0]) == 1


def test_news_that_comes_late_does_not_undo_what_is_known() -> None:
    later = knowing(said=Condition(release="1", process="p", version=2, ready=False), spoke=100.1)
    there = Knowledge("there")
    pass_on(later, there, 101.0)
    # Of the same process the number counts, whatever a slow way has made of the time.
    assert pass_on(knowing(spoke=100.9), there, 101.0)[0] == []
    # Of two processes the one that spoke last is there.
    assert pass_on(knowing(said=Condition(process="old"), spoke=90.0), there, 101.0)[0] == []
    assert pass_on(knowing(said=Condition(process="new"), spoke=101.0), there, 102.0)[0] == ["x"]


def test_two_witnesses_make_a_peer_doubtful_and_its_word_ends_that() -> None:
    first, second, third = knowing(), knowing(spoke=100.3), Knowledge("third")
    first.missed("x", "one")
    second.missed("x", "two")
    pass_on(first, third, 102.0)
    known = third.get("x")
    assert known is not None and not known.doubtful
    assert pass_on(second, third, 102.0)[0] == ["x"]
    assert known.doubtful
    # The same witness does not count twice, and no more than needed are passed on.
    assert pass_on(first, third, 102.0)[0] == []
    fourth = knowing(spoke=110.0)
    assert pass_on(fourth, third, 110.0)[0] == ["x"]
    assert not known.doubtful


def test_who_has_heard_of_a_peer_meanwhile_does_not_believe_that_it_is_missed() -> None:
    one, other = knowing(), knowing(spoke=105.0)
    one.missed("x", "one")
    assert pass_on(one, other, 105.5)[0] == []


def test_one_that_took_no_connection_is_gone_until_it_speaks_again() -> None:
    here = knowing()
    assert here.refused("x", "me", 101.0)
    assert here.get("x") is None and here.last_heard("x") == 100.0
    assert not here.refused("x", "me", 101.5)
    assert not here.refused("y", "me", 101.0)
    pass_on(knowing(spoke=100.5), here, 102.0)
    assert here.get("x") is None, "somebody else heard it before it went"
    pass_on(knowing(said=Condition(process="new"), spoke=103.0), here, 103.0)
    assert here.get("x") is not None


def test_strangers_and_what_is_no_news_are_not_taken_in() -> None:
    here = Knowledge("me")
    assert pass_on(knowing("stranger"), here, 101.0)[0] == []
    for wrong in (3, [3], [["x"]], [["x", "y", {}, {}]], [["x", 1.0, SAID.as_json(), 3]], None):
        with pytest.raises(ValueError, match="no news"):
            here.told(wrong, 1.0, NAMES)
