"""A host's clock, read first and last in a script."""

from provisioning.facts.clock import FIRST, LAST, compare
from tests.facts.recordings import printed


def test_a_clock_is_known_as_well_as_the_way_to_it_is_short() -> None:
    first, last = FIRST.parse(printed("1000.5\n")), LAST.parse(printed("1002.5\n"))
    clock = compare(first, last, 500.0, 503.0)
    assert clock is not None
    assert (clock.least, clock.most, clock.delay) == (499.5, 500.5, 1.0)
    assert compare(FIRST.parse(printed("no\n")), last, 0, 0) is None
