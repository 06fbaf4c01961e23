"""A file is replaced whole or stays as it was."""

import os
import stat
from pathlib import Path

import pytest

from provisioning.durable_file import write_durably


def test_a_file_gets_its_content_its_mode_and_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "state" / "secret"
    write_durably(path, "第一\n", mode=0o600)
    write_durably(path, "第二\n", mode=0o600)
    assert path.read_text(encoding="utf-8") == "第二\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [*path.parent.iterdir()] == [path]


def test_it_takes_its_place_once_it_is_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "record"
    path.write_text("old")
    seen: list[str] = []
    flush = os.fsync

    def noted(descriptor: int) -> None:
        flush(descriptor)
        seen.append(path.read_text())

    monkeypatch.setattr(os, "fsync", noted)
    write_durably(path, "new")
    # Of the file before its name is changed, of the folder with the name afterwards.
    assert seen == ["old", "new"]


def test_a_disk_that_takes_nothing_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "record"
    path.write_text("old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_durably(path, "new")
    assert [*tmp_path.iterdir()] == [path]
    assert path.read_text() == "old"


def test_what_a_cut_process_left_is_no_hindrance(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    (tmp_path / f".secret.{os.getpid()}").write_text("half")
    write_durably(path, "whole", mode=0o600)
    assert [*tmp_path.iterdir()] == [path]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
