"""``cluster pull`` over a real sshd, and from hosts that mean harm."""

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath

import pytest

from provisioning.cli.commands.pull import pull
from provisioning.operations.carrying.pull import Pull, Pulled
from provisioning.transport.base import Completed, Conversation
from tests.cli.conftest import SSHHosts


def test_a_folder_of_each_host_comes_below_its_name(ssh_hosts: SSHHosts, tmp_path: Path) -> None:
    source = tmp_path / "on the host"
    (source / "子文件夹").mkdir(parents=True)
    odd = "中文 '\"$(touch x)\n\x1b[31m"
    (source / "子文件夹" / odd).write_bytes(b"\x00\xff" * 500_000)
    (source / os.fsdecode(b"\xff")).write_text("no text")
    os.link(source / "子文件夹" / odd, source / "second")
    (source / "link").symlink_to("/etc/passwd")
    os.mkfifo(source / "pipe")
    target = tmp_path / "collected"
    done = ssh_hosts.invoke(pull, "--json", "rs1,rs2", str(source), str(target))
    assert done.exit_code == 0, done.output
    for name in ("rs1", "rs2"):
        own = target / name / source.relative_to("/")
        assert (own / "子文件夹" / odd).read_bytes() == (source / "子文件夹" / odd).read_bytes()
        assert (own / "second").read_bytes() == (source / "second").read_bytes()
        assert (own / os.fsdecode(b"\xff")).read_text() == "no text"
        assert not (own / "link").exists() and not (own / "pipe").exists()
        assert (own / "second").stat().st_mode & 0o777 == 0o600
        assert len(json.loads(done.stdout)[name]["left_out"]) == 2
    digest = hashlib.sha256((source / "second").read_bytes()).hexdigest()
    path = str((source / "second").relative_to("/"))
    assert json.loads(done.stdout)["rs1"]["files"][path] == digest


def test_a_file_comes_whole_and_again(ssh_hosts: SSHHosts, tmp_path: Path) -> None:
    real = tmp_path / "real 'name'"
    real.write_text("one")
    (tmp_path / "link").symlink_to(real)
    target = tmp_path / "collected"
    own = target / "rs1" / (tmp_path / "link").relative_to("/")
    for text in ("one", "two"):
        real.write_text(text)
        done = ssh_hosts.invoke(pull, "--root", "rs1", str(tmp_path / "link"), str(target))
        assert (done.exit_code, done.stdout) == (0, "rs1: 1 files, 3 bytes\n")
        assert own.read_text() == text and not own.is_symlink()
    assert [path.name for path in own.parent.iterdir()] == ["link"]


def test_what_is_not_there_is_told_with_its_host(ssh_hosts: SSHHosts, tmp_path: Path) -> None:
    done = ssh_hosts.invoke(pull, "rs1,rs9", "/nowhere/at all", str(tmp_path / "to"))
    assert done.exit_code == 1
    assert "rs1: there is no such file" in done.stderr and "rs9: " in done.stderr


@pytest.mark.parametrize("path", ["relative", "/", "/etc/../x"])
def test_a_path_that_is_none(ssh_hosts: SSHHosts, path: str, tmp_path: Path) -> None:
    done = ssh_hosts.invoke(pull, "rs1", path, str(tmp_path / "to"))
    assert done.exit_code == 2 and "is no path on a host" in done.stderr
    assert not (tmp_path / "to").exists()


class Sending:
    """A host that sends what it likes."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(
        self,
        script: str,
        *,
        root: bool,
        timeout: float | None = None,
        given: Iterable[bytes] | None = None,
        on_stdout: Callable[[bytes], None],
        on_stderr: Callable[[bytes], None],
    ) -> int:
        for start in range(0, len(self._content), 10_000):
            on_stdout(self._content[start : start + 10_000])
        return 0

    def run(
        self,
        script: str | bytes,
        *,
        root: bool = True,
        timeout: float | None = None,
        on_stdout: Callable[[bytes], None] | None = None,
    ) -> Completed:
        raise NotImplementedError

    def converse(self, script: str) -> Conversation:
        raise NotImplementedError

    def close(self) -> None: ...


def archive(*members: tuple[str, bytes | None]) -> bytes:
    """A tar archive: files, and folders where there is no content."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as made:
        for name, content in members:
            member = tarfile.TarInfo(name)
            member.type = tarfile.DIRTYPE if content is None else tarfile.REGTYPE
            member.size = len(content or b"")
            made.addfile(member, io.BytesIO(content or b""))
    return out.getvalue()


def linked(name: str, target: str, kind: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as made:
        for one, type_ in ((".", tarfile.DIRTYPE), (name, kind), (f"{name}/in", tarfile.REGTYPE)):
            member = tarfile.TarInfo(one)
            member.type, member.linkname = type_, target
            made.addfile(member)
    return out.getvalue()


def taken(tmp_path: Path, content: bytes) -> Pulled:
    folder = tmp_path / "to"
    folder.mkdir(exist_ok=True)
    return Pull(path=PurePosixPath("/data"), folder=folder).on_host("rs1", Sending(content))


def outside(tmp_path: Path) -> list[str]:
    """All files that are not below the host's folder."""
    own = tmp_path / "to" / "rs1"
    return [str(one) for one in tmp_path.rglob("*") if one.is_file() and own not in one.parents]


@pytest.mark.parametrize(
    "members",
    [
        [(".", None), ("../../../evil", b"x")],
        [(".", None), ("a/../../../../evil", b"x")],
        [("../evil", b"x")],
        [(".", None), ("/tmp/evil", b"x")],
        [("./data", b"x"), ("./other", b"x")],
        [(".", None), ("a", b"x"), ("a/b", b"x")],
    ],
)
def test_nothing_leads_out_of_the_hosts_folder(
    members: list[tuple[str, bytes | None]], tmp_path: Path
) -> None:
    assert taken(tmp_path, archive(*members)).problem
    assert outside(tmp_path) == []


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_a_link_of_a_host_is_not_gone_through(kind: bytes, tmp_path: Path) -> None:
    (tmp_path / "aim").mkdir()
    found = taken(tmp_path, linked("way", str(tmp_path / "aim"), kind))
    assert found.left_out == ["data/way"]
    assert outside(tmp_path) == []


def test_a_link_that_lies_here_is_not_gone_through(tmp_path: Path) -> None:
    (tmp_path / "aim").mkdir()
    (tmp_path / "to" / "rs1").mkdir(parents=True)
    (tmp_path / "to" / "rs1" / "data").symlink_to(tmp_path / "aim")
    assert "is a link; remove it" in taken(tmp_path, archive((".", None), ("x", b"x"))).problem
    assert outside(tmp_path) == []


@pytest.mark.parametrize("content", [b"", b"no archive" * 5_000_000])
def test_what_is_no_archive_ends_and_is_told(content: bytes, tmp_path: Path) -> None:
    assert taken(tmp_path, content).problem


def test_an_archive_that_was_cut_leaves_no_half_file(tmp_path: Path) -> None:
    whole = archive((".", None), ("first", b"1"), ("second", b"2" * 100_000))
    found = taken(tmp_path, whole[:60_000])
    assert found.problem
    own = tmp_path / "to" / "rs1" / "data"
    assert [path.name for path in own.iterdir()] == ["first"]
