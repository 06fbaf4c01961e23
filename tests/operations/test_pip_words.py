"""Of all that pip says, the line that an operator needs."""

import pytest

from provisioning.operations.release.pip_words import reason
from tests.pip_failures import AFTER, BEFORE, FAILURES, Failure


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
def test_one_line_matters_and_what_a_build_said(failure: Failure) -> None:
    told, _, below = reason([*BEFORE, *failure.said, *AFTER]).partition("\n")
    assert told == failure.reason
    assert below.partition("\n")[0] == failure.build
    assert "notice" not in below and "root" not in below


def test_without_an_error_it_is_all_but_the_noise() -> None:
    assert reason([*BEFORE, "Killed", *AFTER]) == "Killed"
