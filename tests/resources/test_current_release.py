from itertools import count
from pathlib import Path

import pytest

from provisioning.resources.base import UnobservableError
from provisioning.resources.current_release import CurrentRelease
from tests.resources.host import Host
from tests.resources.invariants import assert_cycle, assert_survives_cuts, remembered


@pytest.fixture
def opt(tmp_path: Path) -> Path:
    """A folder with two whole releases, and one that is half-built."""
    folder = tmp_path / "语音"
    for name in ("old", "new", "half"):
        (folder / "releases" / name).mkdir(parents=True)
        marker = ".cluster-building" if name == "half" else ".cluster-release"
        (folder / "releases" / name / marker).write_text(f"{name}\n")
    return folder


def current(opt: Path, name: str) -> CurrentRelease:
    return CurrentRelease(directory=str(opt), name=name)


def links(opt: Path) -> dict[str, str]:
    """The links there are, and where they lead."""
    return {path.name: str(path.readlink()) for path in opt.iterdir() if path.is_symlink()}


def test_the_first_has_none_before_it(host: Host, opt: Path) -> None:
    assert_cycle(host, current(opt, "old"))
    assert links(opt) == {}
    host.deploy(current(opt, "old"))
    assert links(opt) == {"current": "releases/old"}


def test_switched_it_says_how_to_go_back(host: Host, opt: Path) -> None:
    host.deploy(current(opt, "old"))
    change = host.change(current(opt, "new"))
    assert change is not None
    assert change.summary == "releases/old -> releases/new"
    run = host.begin()
    host.must(change.apply, run)
    host.must(change.apply, run)  # once more changes nothing
    assert links(opt) == {"current": "releases/new", "previous": "releases/old"}
    host.must(change.undo, run)
    host.must(change.undo, run)
    assert links(opt) == {"current": "releases/old"}
    assert host.deploy(current(opt, "new")) and host.deploy(current(opt, "old"))
    assert links(opt) == {"current": "releases/old", "previous": "releases/new"}
    host.must(current(opt, "old").remove())
    assert links(opt) == {} and remembered(host) == []


def test_what_is_not_whole_or_not_there_is_never_switched_to(host: Host, opt: Path) -> None:
    host.deploy(current(opt, "old"))
    for name in ("half", "nowhere"):
        change = host.change(current(opt, name))
        assert change is not None
        refused = host.run(change.apply, host.begin())
        assert refused.status != 0
        assert f"there is no release {name} in {opt}/releases" in refused.stderr
    assert links(opt) == {"current": "releases/old"}


@pytest.mark.parametrize("kind", ["file", "directory"])
def test_something_else_in_its_place_is_refused(host: Host, opt: Path, kind: str) -> None:
    (opt / "current").mkdir() if kind == "directory" else (opt / "current").touch()
    with pytest.raises(UnobservableError, match=f"there is a {kind} in its place"):
        host.change(current(opt, "new"))


@pytest.mark.parametrize("there", [None, "old"])
def test_cut_at_any_command_it_leads_to_the_old_or_the_new(
    tmp_path: Path, opt: Path, there: str | None
) -> None:
    numbers = count()
    path = opt / "current"
    if there:
        path.symlink_to(f"releases/{there}")

    def new_host() -> Host:
        return Host(tmp_path / f"state-{next(numbers)}")

    def whole() -> None:
        leads = path.readlink().name if path.is_symlink() else None
        assert leads in (there, "new")

    assert assert_survives_cuts(new_host, current(opt, "new"), whole) >= 5
    assert links(opt) == ({"current": f"releases/{there}"} if there else {})


@pytest.mark.parametrize("wrong", [{"name": "../x"}, {"directory": "opt"}])
def test_wrong_parts_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError):
        CurrentRelease(**({"directory": "/a", "name": "1"} | wrong))  # type: ignore[arg-type]
