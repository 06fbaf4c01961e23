from itertools import count
from pathlib import Path

import pytest

from provisioning.resources.base import UnobservableError
from provisioning.resources.link import Link
from tests.resources.host import Host
from tests.resources.laws import assert_cycle, assert_survives_cuts


def test_is_made_and_taken_away(host: Host, tmp_path: Path) -> None:
    path = tmp_path / "当前"
    assert_cycle(host, Link(path=str(path), target="releases/1 of 2\\"))
    host.deploy(Link(path=str(path), target="releases/1 of 2\\"))
    assert str(path.readlink()) == "releases/1 of 2\\"


def test_is_switched_also_where_it_leads_to_a_folder(host: Host, tmp_path: Path) -> None:
    path = tmp_path / "current"
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
    path.symlink_to("old")
    resource = Link(path=str(path), target="new")
    change = host.change(resource)
    assert change is not None
    assert change.summary == "old -> new"
    assert_cycle(host, resource)
    host.deploy(resource)
    assert str(path.readlink()) == "new"
    assert not list((tmp_path / "old").iterdir())


def test_a_file_in_its_place_is_kept_and_put_back(host: Host, tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("kept\n")
    assert_cycle(host, Link(path=str(path), target="b"))
    assert path.read_text() == "kept\n"


def test_a_folder_in_its_place_is_refused(host: Host, tmp_path: Path) -> None:
    with pytest.raises(UnobservableError, match="folder in its place"):
        host.change(Link(path=str(tmp_path), target="b"))


@pytest.mark.parametrize("there", [None, "old"])
def test_cut_at_any_command_it_leads_to_the_old_or_the_new(
    tmp_path: Path, there: str | None
) -> None:
    numbers = count()
    path = tmp_path / "current"
    if there:
        path.symlink_to(there)

    def new_host() -> Host:
        return Host(tmp_path / f"state-{next(numbers)}")

    def whole() -> None:
        assert (str(path.readlink()) if path.is_symlink() else None) in (there, "new")

    assert assert_survives_cuts(new_host, Link(path=str(path), target="new"), whole) >= 5
