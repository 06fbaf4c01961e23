"""``cluster push`` over a real sshd."""

import json
import os
import pwd
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest

from provisioning.cli.commands.push import push
from provisioning.operations.carrying.local_file import CarryError, LocalFile
from provisioning.operations.carrying.push import Push
from tests.cli.conftest import SSHHosts


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder of the "host"."""
    folder = tmp_path / "on the host"
    folder.mkdir()
    return folder


def listed(folder: Path) -> list[str]:
    """All that is there; no draft may be left."""
    return sorted(path.name for path in folder.iterdir())


def test_files_are_brought_and_a_second_time_left_alone(
    ssh_hosts: SSHHosts, here: Path, tmp_path: Path
) -> None:
    odd = tmp_path / "中文 '\"$(touch x)\n.bin"
    content = os.urandom(3_000_000)
    odd.write_bytes(content)
    odd.chmod(0o754)
    (tmp_path / "-n").write_text("")
    words = ("--json", "rs1", str(odd), str(tmp_path / "-n"), f"{here}/")
    done = ssh_hosts.invoke(push, *words)
    assert done.exit_code == 0, done.output
    assert set(json.loads(done.stdout)["rs1"]["files"].values()) == {"changed"}
    assert listed(here) == sorted([odd.name, "-n"])
    assert (here / odd.name).read_bytes() == content
    assert (here / odd.name).stat().st_mode & 0o7777 == 0o754
    before = (here / odd.name).stat().st_ino
    done = ssh_hosts.invoke(push, *words)
    assert set(json.loads(done.stdout)["rs1"]["files"].values()) == {"unchanged"}
    assert (here / odd.name).stat().st_ino == before


def test_owner_and_mode_stay_or_are_as_asked(
    ssh_hosts: SSHHosts, here: Path, tmp_path: Path
) -> None:
    file, place = tmp_path / "new", here / "place"
    file.write_text("new")
    place.write_text("old")
    place.chmod(0o640)
    nobody = pwd.getpwnam("nobody")
    os.chown(place, nobody.pw_uid, nobody.pw_gid)
    assert ssh_hosts.invoke(push, "rs1", str(file), str(place)).exit_code == 0
    found = place.stat()
    assert (place.read_text(), found.st_mode & 0o777, found.st_uid) == ("new", 0o640, nobody.pw_uid)
    done = ssh_hosts.invoke(
        push, "--root", "--owner", "root:root", "--mode", "0600", "rs1", str(file), str(place)
    )
    assert (done.exit_code, done.stdout) == (0, f"rs1: {place}: changed\n")
    found = place.stat()
    assert (found.st_mode & 0o777, found.st_uid, found.st_gid) == (0o600, 0, 0)
    done = ssh_hosts.invoke(push, "--check", "--mode", "644", "rs1", str(file), str(place))
    assert (done.exit_code, done.stdout) == (0, f"rs1: {place}: would change\n")
    assert place.stat().st_mode & 0o777 == 0o600


def test_a_link_is_replaced_and_not_followed(
    ssh_hosts: SSHHosts, here: Path, tmp_path: Path
) -> None:
    (tmp_path / "new").write_text("new")
    (here / "target").write_text("old")
    (here / "link").symlink_to("target")
    done = ssh_hosts.invoke(push, "rs1", str(tmp_path / "new"), str(here / "link"))
    assert done.exit_code == 0
    assert (here / "target").read_text() == "old"
    assert (here / "link").read_text() == "new" and not (here / "link").is_symlink()


def test_what_is_in_the_way_is_named_with_its_host(
    ssh_hosts: SSHHosts, here: Path, tmp_path: Path
) -> None:
    (tmp_path / "new").write_text("new")
    new = str(tmp_path / "new")
    done = ssh_hosts.invoke(push, "rs1", new, str(here))
    assert done.exit_code == 1
    assert f"rs1: {here} is a folder there; to put files into it write {here}/" in done.stderr
    done = ssh_hosts.invoke(push, "rs1", new, "/nowhere/at/all")
    assert done.exit_code == 1
    assert "rs1: there is no folder /nowhere/at there" in done.stderr
    done = ssh_hosts.invoke(push, "--owner", "nobody-at-all", "rs1", new, str(here / "x"))
    assert done.exit_code == 1 and "rs1: " in done.stderr and "invalid user" in done.stderr
    assert listed(here) == []


class Cut(LocalFile):
    """A file that changes, or ends, while it is sent."""

    def pieces(self, sent: object) -> Iterator[bytes]:
        yield b"half"


def test_half_of_a_file_never_comes_into_its_place(
    ssh_hosts: SSHHosts, here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "new").write_text("half and half")
    (here / "place").write_text("old")
    monkeypatch.setattr(LocalFile, "pieces", Cut.pieces)
    done = ssh_hosts.invoke(push, "rs1", str(tmp_path / "new"), str(here / "place"))
    assert done.exit_code == 1
    assert "what came is not the file" in done.stderr
    assert listed(here) == ["place"] and (here / "place").read_text() == "old"


def test_hosts_that_do_not_answer_are_told(ssh_hosts: SSHHosts, here: Path, tmp_path: Path) -> None:
    (tmp_path / "new").write_text("new")
    words = ("--json", "--batch", "1", "--max-fail", "0", "rs9,rs1", str(tmp_path / "new"))
    done = ssh_hosts.invoke(push, *words, f"{here}/")
    answers = json.loads(done.stdout)
    assert done.exit_code == 1
    # The inventory's order: rs1 went before.
    assert answers["rs1"] == {"files": {f"{here}/new": "changed"}} and "error" in answers["rs9"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("rs1", "inventory.yaml", "relative"), "write it from / on"),
        (("rs1", "a", "b/a", "/srv/"), "the same name"),
        (("rs1", "b", "/srv/x"), "is a folder; name the files in it"),
        (("--mode", "rw", "rs1", "a", "/x"), "octal number"),
        (("--owner", "-x", "rs1", "a", "/x"), "USER:GROUP"),
    ],
)
def test_a_wrong_command_line(
    ssh_hosts: SSHHosts,
    words: tuple[str, ...],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "b").mkdir()
    (tmp_path / "a").touch()
    (tmp_path / "b" / "a").touch()
    done = ssh_hosts.invoke(push, *words)
    assert done.exit_code == 2 and said in done.stderr


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CarryError, match="No such file"):
        LocalFile.look(tmp_path / "nothing")


def test_owners_by_name_and_by_number() -> None:
    file = LocalFile(Path("x"), 1, "d", 0o644)
    found = ["d", "640", "app", "staff", "998", "50"]
    place = PurePosixPath("/x")

    def wanted(owner: str, mode: str = "") -> bool:
        return Push(files={place: file}, owner=owner, mode=mode)._is_wanted(file, found)

    assert all(map(wanted, ("", "app", "998", "app:staff", "998:50", "app:50")))
    assert not any(map(wanted, ("root", "app:root")))
    assert wanted("", "0640") and not wanted("", "0644")
