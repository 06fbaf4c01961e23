"""Places of connections: given, and taken away."""

import random
import resource

import pytest

from app.connections.limits import allowed_by
from app.connections.register import NoPlaceError, Register, client_of


def test_the_longest_idle_makes_room() -> None:
    register = Register[str](places=3, places_of_one=3)
    assert [register.enter(name, "10.0.0.1") for name in "abc"] == [None] * 3
    register.begin("a")
    assert register.enter("d", "10.0.0.2") == "b"
    register.end("a")
    # Kept since a moment ago, while the others have been silent for longer.
    assert [register.enter(name, "10.0.0.2") for name in "efg"] == ["c", "d", "a"]
    assert len(register) == 3


def test_where_none_is_idle_there_is_no_place() -> None:
    register = Register[str](places=2, places_of_one=2)
    for name in "ab":
        register.enter(name, "10.0.0.1")
        register.begin(name)
    with pytest.raises(NoPlaceError):
        register.enter("c", "10.0.0.2")
    register.leave("a")
    assert register.enter("c", "10.0.0.2") is None


def test_an_address_makes_room_for_itself() -> None:
    register = Register[str](places=10, places_of_one=2)
    register.enter("other", "10.0.0.2")
    register.enter("a", "10.0.0.1")
    register.enter("b", "10.0.0.1")
    assert register.enter("c", "10.0.0.1") == "a"
    register.begin("b")
    register.begin("c")
    with pytest.raises(NoPlaceError):
        register.enter("d", "10.0.0.1")
    assert register.enter("more", "10.0.0.2") is None


def test_places_come_back_however_they_are_used() -> None:
    chance = random.Random(7)
    register = Register[int](places=20, places_of_one=8)
    open_: set[int] = set()
    for number in range(5000):
        chance.choice([register.begin, register.end, register.leave])(chance.randint(0, number))
        try:
            register.enter(number, f"10.0.0.{chance.randint(1, 9)}")
            open_.add(number)
        except NoPlaceError:
            pass
        assert len(register) <= 20
    for number in open_:
        register.leave(number)
    assert len(register) == 0
    assert [register.enter(n, "10.0.0.1") for n in range(8)] == [None] * 8


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("10.0.0.1", "10.0.0.2", False),
        ("::ffff:10.0.0.1", "10.0.0.1", True),
        ("::ffff:10.0.0.1", "::ffff:10.0.0.2", False),
        ("2a00:1450:4001:80b::1", "2a00:1450:4001:80b:ffff::2", True),
        ("2a00:1450:4001:80b::1", "2a00:1450:4001:80c::1", False),
        ("fd00::1", "fd00::2", False),
        ("fe80::1%eth0", "fe80::2%eth0", False),
        ("::1", "::2", False),
        ("", "", True),
    ],
)
def test_whose_an_address_is(one: str, other: str, same: bool) -> None:
    assert (client_of(one) == client_of(other)) is same


@pytest.mark.parametrize("workers", [1, 8])
@pytest.mark.parametrize("descriptors", [256, 300, 1024, 65_536, 1 << 20, resource.RLIM_INFINITY])
def test_connections_leave_descriptors_for_the_rest(descriptors: int, workers: int) -> None:
    limits = allowed_by(descriptors, 4096, workers)
    if descriptors != resource.RLIM_INFINITY:
        taken = 2 * limits.places + 2 * limits.at_once
        assert descriptors - taken >= 24 + workers * 4
    assert 16 <= limits.places <= 32_768
    assert limits.places_of_one == min(4096, limits.places - limits.places // 8)


def test_a_node_of_a_cluster_has_many_places() -> None:
    assert allowed_by(65_536, 4096, 8).places == 28_640
    assert allowed_by(65_536, 0, 8).places_of_one == 28_640 - 3_580
