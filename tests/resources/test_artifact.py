"""Artifacts on a host: whole or not at all, by content, for as long as a release leads to them."""

import hashlib
import os
from pathlib import Path

import pytest

from provisioning.resources.artifact import Artifact, ArtifactFile, Artifacts
from provisioning.resources.base import UnobservableError
from provisioning.resources.shell_call import quote_call
from tests.resources.host import Host

NAME = "it's $1 名.bin"


def artifact(name: str, **contents: bytes) -> Artifact:
    files = {path.replace("__", "/"): content for path, content in contents.items()}
    return Artifact(
        name,
        tuple(
            ArtifactFile(path, len(content), hashlib.sha256(content).hexdigest(), path == "run.sh")
            for path, content in files.items()
        ),
    )


def wanted(directory: Path, *artifacts: Artifact) -> Artifacts:
    return Artifacts(directory=str(directory), wanted=artifacts)


def bring(host: Host, directory: Path, *contents: bytes, suffix: str = "") -> None:
    blobs = directory / "artifacts" / ".blobs"
    blobs.mkdir(parents=True, exist_ok=True)
    for content in contents:
        path = blobs / f"{hashlib.sha256(content).hexdigest()}{suffix}"
        path.write_bytes(content)
        path.chmod(0o755 if suffix else 0o644)


def lead(directory: Path, release: str, one: Artifact) -> None:
    """A release that leads to an artifact."""
    folder = directory / "releases" / release / "artifacts"
    folder.mkdir(parents=True)
    (folder / one.name).symlink_to(f"../../../artifacts/{one.folder}")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_put_together_and_put_away(host: Host, tmp_path: Path) -> None:
    one = artifact("model", llm=b"weights", sub__config=b"{}", **{NAME: b"odd", "run.sh": b"x"})
    resource = wanted(tmp_path, one)
    bring(host, tmp_path, b"weights", b"{}", b"odd")
    bring(host, tmp_path, b"x", suffix=".x")
    assert len(host.deploy(resource)) == 1
    assert host.deploy(resource) == []
    folder = tmp_path / "artifacts" / one.folder
    assert (folder / "sub" / "config").read_bytes() == b"{}"
    assert (folder / NAME).read_bytes() == b"odd"
    assert os.access(folder / "run.sh", os.X_OK)
    assert (folder / "llm").stat().st_mode & 0o777 == 0o644
    host.must(resource.remove())
    host.must(resource.remove())
    assert not (tmp_path / "artifacts").exists()


def test_contents_that_were_not_brought_start_nothing(host: Host, tmp_path: Path) -> None:
    one = artifact("model", a=b"here", b=b"not here")
    bring(host, tmp_path, b"here")
    change = host.change(wanted(tmp_path, one))
    assert change is not None
    failed = host.run(change.apply, host.begin())
    assert failed.status != 0
    assert "b was not brought" in failed.stderr
    assert host.observe(wanted(tmp_path, one)).stdout.strip() == "absent"
    assert names(tmp_path / "artifacts") == [".blobs"]


def test_cut_anywhere_it_is_there_whole_or_not_at_all(host: Host, tmp_path: Path) -> None:
    contents = {"a": b"first", "deep__b": b"second"}
    resource = wanted(tmp_path, artifact("model", **contents))
    bring(host, tmp_path, *contents.values())
    change = host.change(resource)
    assert change is not None
    points = host.cut_points(change.apply)
    run = host.begin()
    for point in points:
        host.must(quote_call("drop_artifact", str(tmp_path), resource.wanted[0].folder))
        host.run(change.apply, run, cut_at=point)
        folder = tmp_path / "artifacts" / resource.wanted[0].folder
        assert not folder.exists() or names(folder) == [".cluster-artifact", "a", "deep"]
        host.must(change.apply, run)
        assert host.change(resource) is None
        host.must(change.undo, run)
        assert host.observe(resource).stdout.strip() == "absent"
    assert len(points) >= 4


def test_a_new_version_costs_what_is_new_and_the_old_one_stays(host: Host, tmp_path: Path) -> None:
    old, new = artifact("model", big=b"same", a=b"1"), artifact("model", big=b"same", a=b"2")
    bring(host, tmp_path, b"same", b"1")
    host.deploy(wanted(tmp_path, old))
    lead(tmp_path, "one", old)
    bring(host, tmp_path, b"2")
    host.deploy(wanted(tmp_path, new))
    lead(tmp_path, "two", new)
    prune = wanted(tmp_path, new).triggers[0].command
    host.must(prune)
    folders = [tmp_path / "artifacts" / one.folder for one in (old, new)]
    assert (folders[0] / "big").stat().st_ino == (folders[1] / "big").stat().st_ino
    host.must(quote_call("prune_releases", str(tmp_path), "3"))
    assert all(folder.exists() for folder in folders)
    (tmp_path / "releases" / "one" / "artifacts" / "model").unlink()
    host.must(prune)
    assert not folders[0].exists()
    assert len(names(tmp_path / "artifacts" / ".blobs")) == 2


def test_a_host_that_was_rolled_back_keeps_what_its_release_leads_to(
    host: Host, tmp_path: Path
) -> None:
    one = artifact("model", a=b"1")
    bring(host, tmp_path, b"1")
    host.deploy(wanted(tmp_path, one))
    lead(tmp_path, "one", one)
    assert host.deploy(wanted(tmp_path)) == []
    host.must(wanted(tmp_path).remove())
    assert (tmp_path / "artifacts" / one.folder / "a").exists()


def test_a_disk_too_small_is_said_beforehand(host: Host, tmp_path: Path) -> None:
    small = artifact("model", a=b"1")
    vast = Artifact("vast", (ArtifactFile("a", 10**18, "0" * 64),))
    (need,) = wanted(tmp_path / "not" / "yet", small).requirements
    assert host.run(need.probe).status == 0
    (need,) = wanted(tmp_path / "not" / "yet", small, vast).requirements
    failed = host.run(need.probe)
    assert failed.status == 1
    assert "it needs 1000000000001 MB more" in failed.stdout


def test_a_folder_of_somebody_else_is_left_alone(host: Host, tmp_path: Path) -> None:
    one = artifact("model", a=b"1")
    (tmp_path / "artifacts" / one.folder).mkdir(parents=True)
    with pytest.raises(UnobservableError, match="move it away"):
        host.change(wanted(tmp_path, one))


@pytest.mark.parametrize("path", ["/etc/x", "../x", "a/../b", "", "a//b", "a/", "a\nb", "."])
def test_a_path_outside_of_the_artifact_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="path inside"):
        ArtifactFile(path, 1, "0" * 64)


def test_checking_tells_what_changed(host: Host, tmp_path: Path) -> None:
    one = artifact("model", a=b"1", b=b"2")
    bring(host, tmp_path, b"1", b"2")
    check = f"check_artifact '{tmp_path}' {one.folder} <<'L'\n{one.list_of_files}L"
    assert host.must(check) == "is not there\n"
    host.deploy(wanted(tmp_path, one))
    assert host.must(check) == ""
    folder = tmp_path / "artifacts" / one.folder
    (folder / "a").write_bytes(b"3")
    (folder / "b").unlink()
    assert host.must(check) == "a is not what it was\nb is missing\n"
