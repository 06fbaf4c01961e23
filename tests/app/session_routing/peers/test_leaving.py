"""However many nodes want to go out of service at once, enough stay."""

import random
from urllib.parse import urlsplit

import pytest

from app.session_routing.peers.enough import By, Enough
from app.session_routing.peers.leaving import Leaving, first
from app.session_routing.peers.peer import Condition, Peer, condition_of

_STALE, _STEP = 3.5, 0.5


def place(name: str) -> Peer:
    """Two nodes a host: a and b, at its ports 1 and 2, c and d, and so on."""
    number = ord(name) - ord("a")
    return Peer(name, f"http://10.0.0.{number // 2}:{number % 2 + 1}")


class Node:
    """A node whose answers are heard by the others up to ``_STALE`` seconds late."""

    def __init__(
        self, name: str, minimum: int, now: "Clock", by: By = By.NODE, names: str = "abcdef"
    ) -> None:
        self.name = name
        self.own, self.peers = place(name), {one: place(one) for one in names if one != name}
        self.leaving = Leaving(name, Enough(minimum, by), now)
        self.wish_from = float("inf")
        self.heard: dict[str, Condition] = {}
        self.leaving.join(self)  # type: ignore[arg-type]

    def conditions(self) -> dict[str, Condition]:
        return self.heard

    def said(self) -> Condition:
        return Condition(ready=not self.leaving.gone, leaving=self.leaving.wished)


class Clock:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def run(
    names: str,
    minimum: int,
    wishes: dict[str, float],
    chance: random.Random,
    by: By = By.NODE,
) -> set[str]:
    """Names of those that are gone in the end; fails where too few were ready at any time."""
    now = Clock()
    nodes = {name: Node(name, minimum, now, by, names) for name in names}
    history: dict[str, list[tuple[float, Condition]]] = {name: [] for name in names}
    for name, at in wishes.items():
        nodes[name].wish_from = at
    for step in range(160):
        now.seconds = step * _STEP
        for name in chance.sample(names, len(names)):
            node = nodes[name]
            for other in nodes.keys() - {name}:
                late = now.seconds - chance.choice((0.0, 1.0, _STALE))
                known = [said for when, said in history[other] if when <= late]
                node.heard[other] = known[-1] if known else Condition(ready=False)
            node.leaving.ask(wish=now.seconds >= node.wish_from)
            history[name].append((now.seconds, node.said()))
        for ready in counted([n for n, node in nodes.items() if not node.leaving.gone], by):
            assert ready >= minimum, f"{wishes} left {ready}"
    return {name for name in names if nodes[name].leaving.gone}


def counted(ready: list[str], by: By) -> list[int]:
    """Numbers that must not fall below the minimum, as balancers count."""
    hosts = [{name for name in ready if place(name).url.endswith(f":{port}")} for port in (1, 2)]
    every = len({urlsplit(place(name).url).hostname for name in ready})
    return {By.NODE: [len(ready)], By.PORT: list(map(len, hosts)), By.HOST: [every]}[by]


@pytest.mark.parametrize(("names", "minimum"), [("ab", 1), ("abc", 1), ("abc", 2), ("abcde", 2)])
def test_enough_stay_whenever_they_want_to_go(names: str, minimum: int) -> None:
    chance = random.Random(f"{names} {minimum}")
    for _ in range(40):
        wishes = {name: chance.uniform(3, 15) for name in names}
        gone = run(names, minimum, wishes, chance)
        assert len(gone) <= len(names) - minimum


def test_one_alone_goes_and_the_last_one_stays() -> None:
    chance = random.Random(1)
    assert run("abc", 1, {"b": 3.0}, chance) == {"b"}
    assert run("a", 1, {"a": 3.0}, chance) == set()
    assert run("ab", 2, {"a": 3.0}, chance) == set()


def test_one_that_is_gone_comes_back_when_too_few_are_ready() -> None:
    now = Clock()
    node = Node("a", 1, now)
    node.heard = {"b": Condition()}
    node.leaving.ask(wish=True)
    now.seconds = 8.0
    node.leaving.ask(wish=True)
    assert node.leaving.gone
    node.heard = {"b": Condition(ready=False)}
    now.seconds = 17.0
    assert node.leaving.ask(wish=True)
    now.seconds = 18.0
    assert not node.leaving.ask(wish=True)
    assert node.leaving.refusal == "0 other nodes are ready, and 1 has to be"
    node.heard = {"b": Condition()}
    assert node.leaving.ask(wish=True)
    assert not node.leaving.ask(wish=False)
    assert node.leaving.refusal == ""


@pytest.mark.parametrize("by", [By.PORT, By.HOST])
@pytest.mark.parametrize("minimum", [1, 2])
def test_enough_stay_at_each_port_and_of_the_hosts(by: By, minimum: int) -> None:
    chance = random.Random(f"{by} {minimum}")
    for _ in range(40):
        wishes = {name: chance.uniform(3, 15) for name in "abcdef"}
        gone = run("abcdef", minimum, wishes, chance, by)
        # By hosts one of two is always free to go; at a port as many as the minimum stay.
        assert len(gone) >= (3 if by is By.HOST else 2 * (3 - minimum))


def test_other_ports_do_not_count_and_a_host_goes_on_by_its_other_node() -> None:
    chance = random.Random(1)
    assert run("ab", 1, {"a": 3.0}, chance, By.PORT) == set()
    assert run("ab", 1, {"a": 3.0}, chance, By.HOST) == {"a"}
    assert run("abc", 1, {"a": 3.0, "c": 3.0}, chance, By.PORT) == {"a"}
    assert run("abcd", 2, {"a": 3.0, "b": 5.0}, chance, By.HOST) == {"a"}
    said = [Enough(1, By.PORT).in_words(0), Enough(2, By.HOST).in_words(1)]
    assert said == [
        "0 other nodes at this port are ready, and 1 has to be",
        "1 other host is ready, and 2 have to be",
    ]


def test_a_node_that_does_not_know_its_own_place_stays() -> None:
    assert Enough(1, By.PORT).concerned(None, [place("a")]) == set()
    assert Enough(1, By.NODE).concerned(None, [place("a")]) == {"a"}


def test_they_go_one_by_one_in_the_order_of_their_names() -> None:
    wishes, gone = Condition(leaving=True), Condition(ready=False, leaving=True)
    assert not first("b", {"a": wishes, "c": Condition()})
    assert first("b", {"a": gone, "c": wishes})


def test_a_release_that_says_nothing_of_it_stays() -> None:
    said = Condition(process="p").as_json()
    del said["leaving"]
    assert condition_of(said) == Condition(process="p")
