"""The folders a node is started with."""

import os
import tempfile
from pathlib import Path

import click
import pytest

from app import folders
from tests.app import file_systems
from tests.app.file_systems import needs_root


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)


def test_state_is_where_the_system_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert folders.state_folder("rs1") == tmp_path / ".local/state/cosyvoice/rs1"
    monkeypatch.setenv("XDG_STATE_HOME", "/tmp/xdg")
    assert folders.state_folder("rs1") == Path("/tmp/xdg/cosyvoice/rs1")
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/a:/var/lib/b")
    assert folders.state_folder("rs1") == Path("/var/lib/a")


def test_a_user_without_a_home_has_a_place_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", nobody)
    place = Path(tempfile.gettempdir()) / f"cosyvoice-{os.geteuid()}-rs1"
    assert folders.state_folder("rs1") == place


def test_a_private_folder_is_made_for_its_user_only(tmp_path: Path) -> None:
    open_to_all = tmp_path / "spool"
    open_to_all.mkdir(mode=0o777)
    assert folders.private(open_to_all, "--spool-dir") == open_to_all
    assert open_to_all.stat().st_mode & 0o777 == 0o700


@needs_root
@pytest.mark.parametrize("whose", ["spool", "."])
def test_a_private_folder_of_somebody_else_is_refused(tmp_path: Path, whose: str) -> None:
    (tmp_path / "a" / "spool").mkdir(parents=True)
    os.chown(tmp_path / "a" / whose, 12345, 12345)
    with pytest.raises(click.BadParameter, match="belongs to user id 12345"):
        folders.private(tmp_path / "a" / "spool", "--spool-dir")


@needs_root
def test_a_share_that_does_not_work_now_is_warned_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with file_systems.small(tmp_path / "share") as share:
        file_systems.set_read_only(share, True)
        assert folders.shared(share / "outputs", "--output-dir") == share / "outputs"
        assert "does not work now: Read-only file system" in capsys.readouterr().err


@needs_root
def test_a_share_that_hangs_is_warned_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "_PATIENCE", 0.3)
    with file_systems.freezable(tmp_path / "share") as (freeze, thaw):
        freeze()
        folders.shared(tmp_path / "share" / "outputs", "--output-dir")
        thaw()
    assert "does not work now: no answer in 0.3 s" in capsys.readouterr().err


def test_a_folder_that_cannot_be_is_refused() -> None:
    with pytest.raises(click.BadParameter, match="cannot be used: Not a directory"):
        folders.shared(Path("/dev/null/x"), "--output-dir")
