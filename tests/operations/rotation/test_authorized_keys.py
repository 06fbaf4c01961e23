"""Lines of authorized_keys (sshd(8)), and a file that is written anew."""

import time
from pathlib import Path

import pytest

from provisioning.operations.rotation import authorized_keys
from provisioning.operations.rotation.authorized_keys import BEFORE, carry_out, key_of, parted

_OLD, _NEW = "AAAAold=", "AAAAnew="
_SAYS = 'command="say \\"ssh-rsa BBBB\\" 中"'


@pytest.mark.parametrize(
    ("line", "options", "key"),
    [
        ("ssh-ed25519 AAAA me@here\n", "", "AAAA"),
        ("  ecdsa-sha2-nistp256 AAAA", "", "AAAA"),
        ("sk-ssh-ed25519@openssh.com AAAA a comment of words\n", "", "AAAA"),
        ('from="10.0.0.0/8",no-pty ssh-rsa AAAA me\n', 'from="10.0.0.0/8",no-pty', "AAAA"),
        (f"{_SAYS} ssh-rsa AAAA\n", _SAYS, "AAAA"),
        ("restrict\tssh-rsa AAAA\n", "restrict", "AAAA"),
        ("# ssh-rsa AAAA\n", "", ""),
        ("\n", "", ""),
        ("restrict\n", "", ""),
        ("restrict nonsense AAAA\n", "restrict", ""),
    ],
)
def test_the_key_and_the_options_of_a_line(line: str, options: str, key: str) -> None:
    assert key_of(line) == key
    assert parted(line)[0] == options


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "authorized_keys"
    path.write_bytes(
        b"# the team\nssh-ed25519 AAAAother other\xff\n"
        b'from="10.0.0.0/8" ssh-ed25519 AAAAold= me\nssh-rsa AAAAlast= last'
    )
    path.chmod(0o640)
    monkeypatch.setattr(authorized_keys, "files_of", lambda _: [path, tmp_path / "nowhere"])
    return path


def _do(what: str, **more: object) -> dict[str, object]:
    wanted = {"user": "root", "key": _NEW, "line": f"ssh-ed25519 {_NEW} new", "like": _OLD} | more
    return carry_out(do=what, **wanted)  # type: ignore[arg-type]


def test_a_key_stands_behind_the_one_that_it_is_for_with_its_options(file: Path) -> None:
    before = file.read_bytes()
    assert _do("add") == {"files": [str(file)], "changed": True, "problem": ""}
    new = b'from="10.0.0.0/8" ssh-ed25519 AAAAnew= new\n'
    old = b'from="10.0.0.0/8" ssh-ed25519 AAAAold= me\n'
    assert file.read_bytes() == before.replace(old, old + new)
    assert file.stat().st_mode & 0o7777 == 0o640
    assert _do("add")["changed"] is False
    assert list(file.parent.iterdir()) == [file]


def test_behind_a_last_line_without_an_end_it_has_a_line_of_its_own(file: Path) -> None:
    _do("add", like="AAAAlast=")
    assert file.read_bytes().endswith(b"last\nssh-ed25519 AAAAnew= new\n")


def test_where_the_old_key_is_nowhere_nothing_is_written(file: Path) -> None:
    before = file.read_bytes()
    assert str(_do("add", like="AAAAgone")["problem"]).startswith("the old key stands in none of")
    assert file.read_bytes() == before


def test_what_is_taken_away_comes_back_unless_somebody_came(file: Path) -> None:
    before = file.read_bytes()
    assert _do("drop", key=_OLD, patience=0.2)["changed"] is True
    assert b"AAAAold" not in file.read_bytes() and b"AAAAlast" in file.read_bytes()
    end = time.monotonic() + 60
    while file.read_bytes() != before:
        assert time.monotonic() < end, "it did not come back"
        time.sleep(0.05)
    assert list(file.parent.iterdir()) == [file]


def test_what_was_confirmed_stays_away(file: Path) -> None:
    _do("drop", key=_OLD, patience=60)
    assert file.with_name(f"{file.name}{BEFORE}").exists()
    _do("keep", key=_OLD)
    assert list(file.parent.iterdir()) == [file]
    assert b"AAAAold" not in file.read_bytes()


def test_it_is_put_back_at_once_where_that_is_asked(file: Path) -> None:
    before = file.read_bytes()
    _do("drop", key=_OLD, patience=60)
    _do("back", key=_OLD)
    assert file.read_bytes() == before


def test_what_somebody_changes_meanwhile_stays_when_it_is_put_back(file: Path) -> None:
    _do("drop", key=_OLD, patience=60)
    with file.open("ab") as theirs:
        theirs.write(b"\nssh-ed25519 AAAAcolleague him")
    _do("back", key=_OLD)
    assert file.read_bytes().splitlines()[-3:] == [
        b"ssh-rsa AAAAlast= last",
        b"ssh-ed25519 AAAAcolleague him",
        b'from="10.0.0.0/8" ssh-ed25519 AAAAold= me',
    ]
    assert file.stat().st_mode & 0o7777 == 0o640
    assert list(file.parent.iterdir()) == [file]
