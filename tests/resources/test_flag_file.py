from itertools import count
from pathlib import Path

import pytest

from provisioning.resources.base import UnobservableError
from provisioning.resources.flag_file import FlagFile
from tests.resources.host import Host
from tests.resources.invariants import assert_cycle, assert_survives_cuts, remembered


def test_is_made_and_taken_away(host: Host, tmp_path: Path) -> None:
    path = tmp_path / "排空"
    assert_cycle(host, FlagFile(path=str(path), content="原因 '$x'\n"))
    host.deploy(FlagFile(path=str(path), content="原因 '$x'\n"))
    assert path.read_text() == "原因 '$x'\n"
    assert path.stat().st_mode & 0o777 == 0o644


def test_without_content_it_must_not_be_there(host: Host, tmp_path: Path) -> None:
    path = tmp_path / "drain"
    absent = FlagFile(path=str(path), content=None)
    assert host.change(absent) is None
    path.write_text("by hand\n")
    change = host.change(absent)
    assert change is not None and change.summary == "take away"
    host.deploy(absent)
    assert not path.exists()
    host.must(absent.remove())
    assert remembered(host) == []


def test_other_blanks_are_no_difference_and_other_words_are(host: Host, tmp_path: Path) -> None:
    path = tmp_path / "switchover"
    path.write_text("0\n\n")
    assert host.change(FlagFile(path=str(path), content="0")) is None
    path.write_text("1\n")
    change = host.change(FlagFile(path=str(path), content="0\n"))
    assert change is not None and change.summary == "change"


def test_a_folder_in_its_place_is_refused(host: Host, tmp_path: Path) -> None:
    with pytest.raises(UnobservableError, match="move it away"):
        host.change(FlagFile(path=str(tmp_path), content="x"))


def test_cut_at_any_command_it_is_whole_or_not_there(tmp_path: Path) -> None:
    numbers = count()
    path = tmp_path / "drain"

    def new_host() -> Host:
        path.unlink(missing_ok=True)
        return Host(tmp_path / f"state-{next(numbers)}")

    def whole() -> None:
        assert (path.read_text() if path.exists() else None) in (None, "drained\n")

    assert assert_survives_cuts(new_host, FlagFile(path=str(path), content="drained\n"), whole)
