"""An archive is unpacked into its folder and nowhere else."""

import io
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from provisioning.operations.unpacking import ArchiveError, unpack


def _zip(path: Path, name: str) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("folder/", "")
        archive.writestr(name, "content")


def _tar(path: Path, name: str, *, kind: bytes = tarfile.REGTYPE, mode: int = 0o644) -> None:
    with tarfile.open(path, "w:gz") as archive:
        member = tarfile.TarInfo(name)
        member.type, member.mode, member.linkname = kind, mode, "/etc/passwd"
        member.size = 7 if kind == tarfile.REGTYPE else 0
        archive.addfile(member, io.BytesIO(b"content"))


@pytest.mark.parametrize("suffix", ["zip", "whl", "tar.gz", "tgz"])
def test_files_come_out(tmp_path: Path, suffix: str) -> None:
    archive, target = tmp_path / f"a.{suffix}", tmp_path / "out"
    (_zip if suffix in ("zip", "whl") else _tar)(archive, "folder/文件.txt")
    unpack(archive, target)
    assert (target / "folder" / "文件.txt").read_text() == "content"


@pytest.mark.parametrize("suffix", ["zip", "tar.gz"])
@pytest.mark.parametrize("name", ["../outside", "/outside", "folder/../../outside"])
def test_nothing_is_written_elsewhere(tmp_path: Path, suffix: str, name: str) -> None:
    archive = tmp_path / f"a.{suffix}"
    (_zip if suffix == "zip" else _tar)(archive, name)
    with pytest.raises(ArchiveError, match="outside of its folder"):
        unpack(archive, tmp_path / "out")
    assert not (tmp_path / "outside").exists()


def test_links_are_left_out(tmp_path: Path) -> None:
    for number, kind in enumerate((tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE)):
        archive, target = tmp_path / f"{number}.tar.gz", tmp_path / str(number)
        _tar(archive, "entry", kind=kind)
        unpack(archive, target)
        assert not [*target.iterdir()]


@pytest.mark.parametrize("mode", [0o644, 0o755])
def test_what_was_executable_is_so(tmp_path: Path, mode: int) -> None:
    archive, target = tmp_path / "a.tar.gz", tmp_path / "out"
    _tar(archive, "run", mode=mode | 0o4000)
    unpack(archive, target)
    assert stat.S_IMODE((target / "run").stat().st_mode) == mode


@pytest.mark.parametrize("suffix", ["zip", "tar.gz"])
def test_a_torn_one_is_an_error(tmp_path: Path, suffix: str) -> None:
    archive = tmp_path / f"a.{suffix}"
    (_zip if suffix == "zip" else _tar)(archive, "file")
    archive.write_bytes(archive.read_bytes()[:30])
    with pytest.raises(ArchiveError):
        unpack(archive, tmp_path / "out")
