"""A service that runs but does not do its work is restarted."""

import pytest

from provisioning.model.hosts import ServiceManager
from provisioning.resources.base import Observation, UnobservableError
from provisioning.resources.soundness import Soundness

SOUND = Soundness(name="app", manager=ServiceManager.SUPERVISOR, program="/usr/local/sbin/look")


def test_nothing_said_is_nothing_to_do() -> None:
    assert SOUND.compare(Observation("", "", 0)) is None


def test_what_is_wrong_is_the_plans_words() -> None:
    change = SOUND.compare(Observation("it hangs\na table is empty\n", "", 0))
    assert change is not None
    assert change.summary == "restart app: it hangs; a table is empty"
    assert "look end" in change.apply


def test_a_look_that_fails_is_no_verdict() -> None:
    with pytest.raises(UnobservableError, match="no awk"):
        SOUND.compare(Observation("", "no awk", 127))
