"""Releases on a host, as the prelude lists them."""

from pathlib import PurePosixPath

from provisioning.facts.host_releases import Origin, host_releases
from provisioning.resources.base import Observation
from tests.facts.recordings import printed, recorded

FACT = host_releases(PurePosixPath("/opt/cosyvoice"))


def test_releases_of_a_node() -> None:
    found = FACT.parse(printed(recorded("look_at_releases.txt")))
    assert (found.current, found.previous) == ("0.2.0-b", "0.1.0-a")
    assert found.running == ("0.1.0-a",)
    assert found.whole == ("0.1.0-a", "0.2.0-b")
    assert [one.whole for one in found.kept] == [True, True, False]
    assert found.kept[0].unpacked == "2026-01-01T00:00:00+00:00"
    assert found.kept[0].origin == Origin(), "of before there is only the id"
    assert found.kept[1].origin == Origin("0.2.0", "git@example.com:tts.git", "main", "b" * 40)


def test_a_host_without_any() -> None:
    found = FACT.parse(printed(""))
    assert (found.current, found.kept, found.problem) == ("", (), "")
    assert FACT.parse(Observation("", "permission denied\n", 1)).problem == "permission denied"
