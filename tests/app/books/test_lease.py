"""One node makes a book, and another only where that one is gone or has let it go."""

from pathlib import Path

from app.books.lease import Leases

LONG = 3600.0


def test_one_of_two_gets_it_and_keeps_it(tmp_path: Path) -> None:
    first, second = Leases("rs1", LONG), Leases("rs2", LONG)
    lease = first.take(tmp_path)
    assert lease is not None
    assert second.take(tmp_path) is None
    assert lease.renew()


def test_what_is_let_go_is_anybodys(tmp_path: Path) -> None:
    lease = Leases("rs1", LONG).take(tmp_path)
    assert lease is not None
    lease.release()
    assert Leases("rs2", LONG).take(tmp_path) is not None
    assert not lease.renew()


def test_one_that_shows_no_life_is_taken_and_finds_out(tmp_path: Path) -> None:
    lease = Leases("rs1", LONG).take(tmp_path)
    assert lease is not None
    # The time is up at the second look.
    other = Leases("rs2", 0.0)
    assert other.take(tmp_path) is not None
    assert not lease.renew()


def test_signs_of_life_are_seen_whatever_the_clocks_say(tmp_path: Path) -> None:
    lease = Leases("rs1", LONG).take(tmp_path)
    assert lease is not None
    other = Leases("rs2", LONG)
    assert other.take(tmp_path) is None
    # It saw the lease two hours ago.
    ((found, since),) = other._seen.values()
    other._seen[tmp_path] = (found, since - 2 * LONG)
    assert lease.renew()
    assert other.take(tmp_path) is None
    ((found, since),) = other._seen.values()
    other._seen[tmp_path] = (found, since - 2 * LONG)
    assert other.take(tmp_path) is not None


def test_a_node_that_starts_again_takes_what_it_had(tmp_path: Path) -> None:
    assert Leases("rs1", LONG).take(tmp_path) is not None
    assert Leases("rs1", LONG).take(tmp_path) is not None


def test_two_at_the_same_moment(tmp_path: Path) -> None:
    first, second = Leases("rs1", LONG), Leases("rs2", LONG)
    won = first._taken(tmp_path, 1), second._taken(tmp_path, 1)
    assert [lease is not None for lease in won] == [True, False]


def test_a_book_that_is_gone_is_nobodys(tmp_path: Path) -> None:
    lease = Leases("rs1", LONG).take(tmp_path)
    assert lease is not None
    tmp_path.rename(tmp_path.with_name("gone"))
    assert not lease.renew()
    lease.release()
