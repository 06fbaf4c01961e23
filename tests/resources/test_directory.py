import os
from itertools import count
from pathlib import Path

import pytest

from provisioning.resources.base import UnobservableError
from provisioning.resources.directory import Directory
from provisioning.resources.file import File
from tests.resources.host import Host
from tests.resources.invariants import assert_cycle, assert_survives_cuts


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o7777


def test_is_made_and_taken_away_with_the_folders_above_it(host: Host, tmp_path: Path) -> None:
    path = tmp_path / "srv" / "语音 out" / "x"
    resource = Directory(path=str(path), mode=0o2770, group="daemon")
    assert_cycle(host, resource)
    assert not (tmp_path / "srv").exists()
    host.deploy(resource)
    assert (mode(path), path.group()) == (0o2770, "daemon")
    assert mode(path.parent) == 0o755


def test_one_that_was_there_gets_its_mode_and_owner_back(host: Host, tmp_path: Path) -> None:
    path = tmp_path / "d"
    path.mkdir(mode=0o700)
    os.chown(path, 1, 2)
    (path / "kept").touch()
    resource = Directory(path=str(path), mode=0o750)
    change = host.change(resource)
    assert change is not None
    assert change.summary == "mode 0700 -> 0750, owner daemon:bin -> root:root"
    assert_cycle(host, resource)
    assert (path / "kept").exists()


def test_a_group_bit_from_the_folder_above_is_no_endless_change(host: Host, tmp_path: Path) -> None:
    tmp_path.chmod(0o2755)
    assert_cycle(host, Directory(path=f"{tmp_path}/d", mode=0o755))


def test_one_that_holds_something_is_kept(host: Host, tmp_path: Path) -> None:
    resource = Directory(path=f"{tmp_path}/a/b")
    host.deploy(resource)
    (tmp_path / "a" / "b" / "recording.wav").touch()
    host.must(resource.remove())
    assert (tmp_path / "a" / "b" / "recording.wav").exists()


def test_one_that_a_package_has_brought_since_the_look_is_taken_as_it_is(
    host: Host, tmp_path: Path
) -> None:
    path = tmp_path / "keepalived"
    resource = Directory(path=str(path), mode=0o750)
    change = host.change(resource)
    assert change is not None and change.summary == "create"
    path.mkdir(mode=0o700)
    (path / "sample").touch()
    host.must(change.apply)
    assert mode(path) == 0o750 and host.change(resource) is None
    host.must(change.undo)
    assert mode(path) == 0o700 and (path / "sample").exists()


def test_a_folder_made_for_it_that_holds_more_is_kept(host: Host, tmp_path: Path) -> None:
    resource = Directory(path=f"{tmp_path}/a/b/c")
    host.deploy(resource)
    (tmp_path / "a" / "other").touch()
    host.must(resource.remove())
    assert [p.name for p in (tmp_path / "a").iterdir()] == ["other"]


def test_with_a_file_in_it_both_go(host: Host, tmp_path: Path) -> None:
    folder, file = Directory(path=f"{tmp_path}/a"), File(path=f"{tmp_path}/a/b", content="")
    host.deploy(folder, file)
    host.must(file.remove())
    host.must(folder.remove())
    assert not (tmp_path / "a").exists()


def test_a_link_to_a_folder_counts_as_the_folder(host: Host, tmp_path: Path) -> None:
    big, path = tmp_path / "big disk", tmp_path / "d"
    big.mkdir(mode=0o700)
    path.symlink_to(big)
    assert_cycle(host, Directory(path=str(path), mode=0o755))
    host.deploy(Directory(path=str(path), mode=0o755))
    assert path.is_symlink()
    assert mode(big) == 0o755


@pytest.mark.parametrize("kind", ["file", "dangling"])
def test_something_else_in_its_place_is_refused(host: Host, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "d"
    if kind == "file":
        path.touch()
    else:
        path.symlink_to("nowhere")
    with pytest.raises(UnobservableError, match="move it away"):
        host.change(Directory(path=str(path)))


def test_cut_at_any_command_it_is_there_whole_or_not(tmp_path: Path) -> None:
    numbers = count()
    path = tmp_path / "a" / "b"

    def new_host() -> Host:
        return Host(tmp_path / f"state-{next(numbers)}")

    def whole() -> None:
        if path.exists():
            assert (mode(path), path.owner(), path.group()) == (0o700, "daemon", "bin")

    resource = Directory(path=str(path), mode=0o700, owner="daemon", group="bin")
    assert assert_survives_cuts(new_host, resource, whole) >= 5
    assert not path.parent.exists()
