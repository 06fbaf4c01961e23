"""The history of a cluster, from several machines."""

from dataclasses import replace

import pytest

from provisioning.model.past_run import KEPT_RUNS, PastRun, joined_history, shown_command, with_run

_RUN = PastRun("20260101T000000.000Z-0001", "ann@one", "cluster deploy", "now")


def test_two_sides_of_it_are_one_and_what_has_ended_has_ended() -> None:
    other = replace(_RUN, id="20260101T000001.000Z-0001", who="bob@two")
    ended = replace(_RUN, result="ok", changed=3)
    assert joined_history([_RUN], [other, ended]) == (ended, other)
    assert joined_history([ended, other], [_RUN]) == (ended, other)
    assert with_run((_RUN, other), ended) == (ended, other)


def test_only_the_last_are_kept() -> None:
    many = [replace(_RUN, id=f"{number:09}") for number in range(KEPT_RUNS + 9)]
    assert joined_history(many[::-1], ()) == tuple(many[9:])


@pytest.mark.parametrize("words", [["--webhook", "https://x/T0K3N"], ["--webhook=https://x/T0K3N"]])
def test_a_token_is_not_told_to_other_operators(words: list[str]) -> None:
    shown = shown_command(["cluster", "rolling-upgrade", *words, "--yes"])
    assert "T0K3N" not in shown and shown.endswith(" --yes") and "--webhook" in shown
