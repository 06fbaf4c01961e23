import io
import os
import re
import subprocess
import sys
import tarfile
from itertools import count
from pathlib import Path

import pytest

from provisioning.resources.base import UnobservableError
from provisioning.resources.current_release import CurrentRelease
from provisioning.resources.release import Release
from tests.resources.host import Host
from tests.resources.invariants import assert_cycle, assert_survives_cuts

PYTHON = "/usr/bin/python3"


def archive(**files: str) -> bytes:
    """A .tar.gz of Python modules by name."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(f"app/{name}.py")
            member.size, member.mode, member.uid = len(text.encode()), 0o666, 1234
            tar.addfile(member, io.BytesIO(text.encode()))
    return packed.getvalue()


def release(directory: Path, name: str, *, keep: int = 2, **files: str) -> Release:
    return Release(
        directory=str(directory),
        name=name,
        archive=archive(**(files or {"speak": f"WHO = '{name}'\n"})),
        keep=keep,
        python=PYTHON,
    )


def current(directory: Path, name: str) -> CurrentRelease:
    return CurrentRelease(directory=str(directory), name=name)


def names(directory: Path) -> list[str]:
    """What lies in the folder of releases."""
    folder = directory / "releases"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_there_and_back(host: Host, tmp_path: Path) -> None:
    one = release(tmp_path, "1.0-abc")
    assert_cycle(host, one)
    assert names(tmp_path) == []
    host.deploy(one)
    folder = tmp_path / "releases" / "1.0-abc"
    assert (folder / "app" / "speak.py").read_text() == "WHO = '1.0-abc'\n"
    assert len(list((folder / "app" / "__pycache__").glob("speak.*.pyc"))) == 1
    for path in [folder, *folder.rglob("*")]:
        assert (path.stat().st_uid, path.stat().st_mode & 0o022) == (0, 0)


def test_tracebacks_name_the_place_it_is_in(host: Host, tmp_path: Path) -> None:
    host.deploy(release(tmp_path, "1", boom="def boom():\n    1 / 0\n"))
    said = subprocess.run(
        [PYTHON, "-E", "-c", "from app.boom import boom; boom()"],
        cwd=tmp_path / "releases" / "1",
        capture_output=True,
        text=True,
        check=False,
    ).stderr
    assert f"{tmp_path}/releases/1/app/boom.py" in said
    assert "cluster-new" not in said


def test_a_big_archive_arrives_whole(host: Host, tmp_path: Path) -> None:
    text = f"NOISE = '{os.urandom(400_000).hex()}'\n"
    host.deploy(release(tmp_path, "big", noise=text))
    assert (tmp_path / "releases/big/app/noise.py").read_text() == text


def test_a_broken_archive_or_program_leaves_nothing(host: Host, tmp_path: Path) -> None:
    torn = Release(
        directory=str(tmp_path),
        name="torn",
        archive=archive(a="x = 1\n")[:-9],
        keep=1,
        python=PYTHON,
    )
    broken = release(tmp_path, "broken", a="x = (\n")
    for bad, message in [
        (torn, f"torn could not be unpacked in {tmp_path}/releases"),
        (broken, f"broken could not be byte-compiled by {PYTHON}"),
    ]:
        change = host.change(bad)
        assert change is not None
        run = host.begin()
        failed = host.run(change.apply, run)
        assert failed.status != 0
        assert message in failed.stderr
        assert names(tmp_path) == []
        host.must(change.undo, run)
        assert not (tmp_path / "releases").exists()


def test_a_full_disk_leaves_nothing(isolated_host: Host, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    isolated_host.must(f"mount -t tmpfs -o size=256k none {disk}")
    change = isolated_host.change(release(disk, "1", big=f"x = '{'x' * 600_000}'\n"))
    assert change is not None
    run = isolated_host.begin()
    failed = isolated_host.run(change.apply, run)
    assert failed.status != 0
    assert re.search(r"256K .* 100% ", failed.stderr)
    assert f"1 could not be unpacked in {disk}/releases" in failed.stderr
    isolated_host.must(change.undo, run)
    assert isolated_host.must(f"find {disk} -mindepth 1") == ""


def test_old_ones_go_but_never_the_current_or_the_one_before(host: Host, tmp_path: Path) -> None:
    def deploy(name: str, keep: int) -> str:
        """Deploys as the engine does; the run's name. Markers differ by a second at least."""
        run = host.begin()
        new = release(tmp_path, name, keep=keep)
        for resource in (new, current(tmp_path, name)):
            change = resource.compare(host.observe(resource))
            if change:
                host.must(change.apply, run)
        host.must(new.triggers[0].command, run)
        for age, path in enumerate(sorted((tmp_path / "releases").glob("*/.cluster-release"))):
            os.utime(path, (age, age))
        return run

    for name in ("1", "2", "3"):
        deploy(name, keep=3)
    assert names(tmp_path) == ["1", "2", "3"]
    deploy("1", keep=3)  # back to the first
    assert names(tmp_path) == ["1", "2", "3"]
    deploy("4", keep=1)
    assert names(tmp_path) == ["1", "4"]
    # A later run has it to go back to.
    host.must(release(tmp_path, "4", keep=1).triggers[0].command, host.begin())
    assert names(tmp_path) == ["1", "4"]
    host.must(release(tmp_path, "4").remove())
    assert names(tmp_path) == []


def test_pruning_without_releases_is_no_error(host: Host, tmp_path: Path) -> None:
    host.must(release(tmp_path, "1").triggers[0].command)


def test_something_of_that_name_that_is_not_ours_is_refused(host: Host, tmp_path: Path) -> None:
    (tmp_path / "releases" / "1").mkdir(parents=True)
    with pytest.raises(UnobservableError, match="releases/1 was not unpacked here; move it away"):
        host.change(release(tmp_path, "1"))


def test_cut_at_any_command_it_is_there_whole_or_not(tmp_path: Path) -> None:
    numbers = count()
    one = release(tmp_path, "1")
    folder = tmp_path / "releases" / "1"

    def new_host() -> Host:
        return Host(tmp_path / f"state-{next(numbers)}")

    def whole() -> None:
        if folder.exists():
            found = sorted(path.name for path in folder.rglob("*"))
            tag = f"speak.cpython-{sys.version_info.major}"
            assert found[:2] == [".cluster-release", "__pycache__"]
            assert any(name.startswith(tag) for name in found)

    assert assert_survives_cuts(new_host, one, whole) >= 5
    assert not (tmp_path / "releases").exists()


@pytest.mark.parametrize(
    "wrong", [{"name": "../1"}, {"name": ""}, {"keep": 0}, {"directory": "opt"}, {"python": "py"}]
)
def test_wrong_parts_are_refused(wrong: dict[str, str]) -> None:
    parts = {"directory": "/a", "name": "1", "archive": b"", "keep": 1, "python": "/p"}
    with pytest.raises(ValueError):
        Release(**(parts | wrong))  # type: ignore[arg-type]
