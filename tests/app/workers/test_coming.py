"""Places that are kept for those who were let in, until they are at the line."""

from app.workers.coming import Coming


def test_a_place_is_kept_until_its_request_came_or_for_a_moment() -> None:
    now = 0.0
    coming = Coming(lambda: now)
    for name in ("a", "b", "a"):
        coming.expect(name)
    assert len(coming) == 2
    coming.came("b")
    coming.came("unknown")
    assert len(coming) == 1
    now = 10.0
    assert len(coming) == 0
