"""Recordings people sent do not stay."""

import os
import time
from pathlib import Path

from app.outputs.limits import Retention
from app.outputs.retention import clean
from app.outputs.shared import SharedFolder
from app.outputs.uploads import Uploads, remove_old

_DAY = 86400.0


def _file(path: Path, changed: float) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"voice")
    os.utime(path, (changed, changed))
    return path


def test_old_recordings_and_their_empty_folders_go_and_young_ones_stay(tmp_path: Path) -> None:
    now = time.time()
    old = _file(tmp_path / "a1" / "录音.wav", now - 2 * _DAY)
    young = _file(tmp_path / "b2" / "录音.wav", now - 60)
    os.utime(old.parent, (now - 2 * _DAY,) * 2)
    # The folder changes when its last file goes, and is left for the next pass.
    assert remove_old(Uploads(tmp_path, _DAY), now).removed == 1
    os.utime(old.parent, (now - 2 * _DAY,) * 2)
    assert remove_old(Uploads(tmp_path, _DAY), now).removed == 0
    assert not old.parent.exists() and young.exists() and tmp_path.exists()


def test_a_link_is_removed_and_not_followed(tmp_path: Path) -> None:
    kept = _file(tmp_path / "elsewhere" / "kept.wav", 1.0)
    uploads = tmp_path / "uploads"
    uploads.mkdir()
    link = uploads / "link"
    link.symlink_to(kept.parent)
    os.utime(link, (1.0, 1.0), follow_symlinks=False)
    file_link = uploads / "file"
    file_link.symlink_to(kept)
    os.utime(file_link, (1.0, 1.0), follow_symlinks=False)
    remove_old(Uploads(uploads, _DAY), time.time())
    assert kept.exists() and not os.path.lexists(file_link)


def test_zero_keeps_everything(tmp_path: Path) -> None:
    file = _file(tmp_path / "a" / "b.wav", 1.0)
    assert remove_old(Uploads(tmp_path, 0), time.time()).removed == 0
    assert file.exists()


def test_they_go_in_the_pass_over_the_shared_folder(tmp_path: Path) -> None:
    file = _file(tmp_path / ".gradio" / "x" / "b.wav", 1.0)
    limits = Retention(uploads=Uploads(tmp_path / ".gradio", _DAY))
    removed = clean(SharedFolder(tmp_path), limits)
    assert removed is not None and removed.uploads == 1
    assert not file.exists()
