import os
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from provisioning.resources.base import Handler, UnobservableError
from provisioning.resources.file import SHOWN, File
from tests.resources.host import Host
from tests.resources.invariants import assert_cycle, assert_survives_cuts

AWKWARD = "第一行\n$HOME `id` \\n \\\\ 'one' \"two\"\tBASE64\nBASE64\nEOF\nno newline at the end"


def listing(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_creates_takes_back_and_removes(host: Host, tmp_path: Path) -> None:
    path = tmp_path / "etc" / "app 设置.conf"
    path.parent.mkdir()
    resource = File(path=str(path), content=AWKWARD, mode=0o640)
    assert_cycle(host, resource)
    host.deploy(resource)
    assert path.read_text("utf-8") == AWKWARD
    assert path.stat().st_mode & 0o7777 == 0o640
    assert listing(path.parent) == [path.name]


def test_puts_back_what_was_there_first_not_what_was_there_last(host: Host, tmp_path: Path) -> None:
    path = tmp_path / "a.conf"
    path.write_text("from the package\n")
    path.chmod(0o604)
    os.chown(path, 1, 2)
    assert_cycle(host, File(path=str(path), content="one\n"))
    host.deploy(File(path=str(path), content="one\n"))
    host.deploy(File(path=str(path), content="two\n"))
    run = host.begin()
    change = host.change(File(path=str(path), content="three\n"))
    assert change is not None
    host.must(change.apply, run)
    assert path.read_text() == "three\n"
    host.must(change.undo, run)
    assert path.read_text() == "two\n"
    host.must(File(path=str(path), content="three\n").remove())
    stat = path.stat()
    assert path.read_text() == "from the package\n"
    assert (stat.st_mode & 0o7777, stat.st_uid, stat.st_gid) == (0o604, 1, 2)


def test_what_reads_a_file_that_was_there_is_told_when_it_is_back(
    host: Host, tmp_path: Path
) -> None:
    path, log = tmp_path / "a.conf", tmp_path / "log"
    reads = Handler("restart", f"cat {path} >> {log}")
    resource = File(path=str(path), content="ours\n", returned=reads)
    host.deploy(resource)
    host.must(resource.remove())
    assert not path.exists() and not log.exists()
    path.write_text("theirs\n")
    host.deploy(resource)
    fails = Handler("restart", "exit 3")
    assert host.run(File(path=str(path), content="ours\n", returned=fails).remove()).status == 3
    assert path.read_text() == "theirs\n"
    # It was cut there or failed, so it has yet to be told.
    host.must(resource.remove())
    assert (path.read_text(), log.read_text()) == ("theirs\n", "theirs\n")
    host.must(resource.remove())
    assert log.read_text() == "theirs\n"


def test_a_change_shows_what_differs(host: Host, tmp_path: Path) -> None:
    path = tmp_path / "a.conf"
    path.write_text("old\n")
    path.chmod(0o600)
    change = host.change(File(path=str(path), content="new\n", owner="daemon", group="daemon"))
    assert change is not None
    assert change.summary == "content, mode 0600 -> 0644, owner root:root -> daemon:daemon"
    assert (change.before, change.after) == ("old\n", "new\n")
    change = host.change(File(path=str(path), content="old\n"))
    assert change is not None
    assert (change.summary, change.before, change.after) == ("mode 0600 -> 0644", "", "")


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(content=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=200))
@example(content="\n\n")
@example(content="\r\n\x1b[0m\ufeff")
@example(content="x" * 70_000)
def test_any_text_arrives_to_the_byte(host: Host, tmp_path: Path, content: str) -> None:
    path = tmp_path / "any"
    resource = File(path=str(path), content=content)
    host.deploy(resource)
    assert path.read_bytes() == content.encode()
    assert host.change(resource) is None


def test_a_long_file_is_compared_by_its_checksum(host: Host, tmp_path: Path) -> None:
    path = tmp_path / "long"
    resource = File(path=str(path), content="行\n" * SHOWN)
    host.deploy(resource)
    assert host.change(resource) is None
    assert len(host.observe(resource).stdout) < 200
    path.write_text(resource.content[:-1])
    change = host.change(resource)
    assert change is not None
    assert change.summary == f"content ({4 * SHOWN - 1} -> {4 * SHOWN} bytes)"
    assert change.before == change.after == ""


def test_bytes_that_are_no_text_are_a_difference(host: Host, tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"caf\xe9\0\n")
    resource = File(path=str(path), content="café\n")
    assert_cycle(host, resource)
    assert path.read_bytes() == b"caf\xe9\0\n"


def test_a_link_is_replaced_and_what_it_led_to_is_left_alone(host: Host, tmp_path: Path) -> None:
    shared, path = tmp_path / "shared", tmp_path / "a.conf"
    shared.write_text("shared\n")
    path.symlink_to("shared")
    resource = File(path=str(path), content="ours\n")
    assert_cycle(host, resource)
    change = host.change(resource)
    assert change is not None
    assert change.summary == "replace a link to shared by a file"
    host.deploy(resource)
    assert not path.is_symlink()
    assert shared.read_text() == "shared\n"
    host.must(resource.remove())
    assert path.readlink() == Path("shared")


def test_a_folder_in_its_place_is_refused(host: Host, tmp_path: Path) -> None:
    with pytest.raises(UnobservableError, match="there is a directory in its place; move it away"):
        host.change(File(path=str(tmp_path), content=""))


def test_a_missing_folder_is_named(host: Host, tmp_path: Path) -> None:
    change = host.change(File(path=f"{tmp_path}/no/such.conf", content=""))
    assert change is not None
    failed = host.run(change.apply, host.begin())
    assert failed.status != 0
    assert f"{tmp_path}/no/such.conf: there is no folder {tmp_path}/no" in failed.stderr


def test_an_unknown_owner_is_named_and_leaves_nothing(host: Host, tmp_path: Path) -> None:
    folder = tmp_path / "etc"
    folder.mkdir()
    change = host.change(File(path=f"{folder}/a", content="", owner="nobody-here"))
    assert change is not None
    failed = host.run(change.apply, host.begin())
    assert failed.status != 0
    assert "nobody-here" in failed.stderr
    assert listing(folder) == []


def test_the_check_sees_the_new_file_beside_the_old(host: Host, tmp_path: Path) -> None:
    folder = tmp_path / "etc"
    folder.mkdir()
    path = folder / "it's.conf"
    path.write_text("old\n")
    seen = tmp_path / "seen"
    check = (
        f'cp -p "$CANDIDATE" {seen}; [ "${{CANDIDATE%/*}}" = {folder} ]\ngrep -q good "$CANDIDATE"'
    )
    good = File(path=str(path), content="good\n", mode=0o600, validate=check)
    assert_cycle(host, good)
    host.deploy(good)
    assert seen.read_text() == path.read_text() == "good\n"

    # A command that fails in the middle counts, though the last one succeeds.
    bad = File(
        path=str(path), content="bad\n", validate=f"echo line 3: nonsense >&2\n{check}\ntrue"
    )
    change = host.change(bad)
    assert change is not None
    run = host.begin()
    failed = host.run(change.apply, run)
    assert failed.status != 0
    assert "line 3: nonsense" in failed.stderr
    assert f"{path}: its check refuses the new content; the old one stays" in failed.stderr
    assert path.read_text() == "good\n"
    assert listing(folder) == [path.name]
    host.must(change.undo, run)
    assert path.read_text() == "good\n"


def test_a_secret_is_never_seen_by_others(host: Host, tmp_path: Path) -> None:
    """The candidate has its final mode and owner from its first byte on."""
    path = tmp_path / "secret"
    modes = tmp_path / "modes"
    watch = f'stat -c "%a %U" "$CANDIDATE" >> {modes}'
    resource = File(
        path=str(path),
        content="token\n",
        mode=0o600,
        owner="daemon",
        validate=watch,
        sensitive=True,
    )
    change = host.change(resource)
    assert change is not None
    assert change.sensitive
    shim = tmp_path / "bin"
    shim.mkdir()
    (shim / "base64").write_text(
        f'#!/bin/sh\nfor f in {tmp_path}/.*new; do stat -c "%a %U" "$f" >> {modes}; done\n'
        'exec /usr/bin/base64 "$@"\n'
    )
    (shim / "base64").chmod(0o755)
    watched = Host(host.state, path=f"{shim}:{host.path}")
    watched.must(change.apply, watched.begin())
    assert modes.read_text() == "600 daemon\n" * 2
    assert path.stat().st_mode & 0o7777 == 0o600
    # What is remembered for undo and for destroy is root's alone.
    host.deploy(File(path=str(path), content="next\n", mode=0o600, owner="daemon"))
    for folder in (host.state / "original", *host.state.glob("runs/*/previous")):
        assert folder.stat().st_mode & 0o077 == 0


def test_a_full_disk_leaves_the_old_file(isolated_host: Host, tmp_path: Path) -> None:
    host, disk = isolated_host, tmp_path / "disk"
    disk.mkdir()
    host.must(f"mount -t tmpfs -o size=64k none {disk}; echo old > {disk}/a.conf")
    resource = File(path=f"{disk}/a.conf", content="new\n" * 40_000)
    change = host.change(resource)
    assert change is not None
    run = host.begin()
    failed = host.run(change.apply, run)
    assert failed.status != 0
    assert "No space left on device" in failed.stderr
    assert f"{disk}/a.conf: could not be written, so the old one stays" in failed.stderr
    assert host.must(f"ls -A {disk}; cat {disk}/a.conf") == "a.conf\nold\n"
    host.must(change.undo, run)
    assert host.must(f"ls -A {disk}; cat {disk}/a.conf") == "a.conf\nold\n"


def test_a_full_disk_for_what_is_remembered_changes_nothing(
    isolated_host: Host, tmp_path: Path
) -> None:
    host, path = isolated_host, tmp_path / "a.conf"
    path.write_text("old\n" * 40_000)
    host.state.mkdir()
    host.must(f"mount -t tmpfs -o size=64k none {host.state}; mkdir -p {host.state}/runs/r")
    change = host.change(File(path=str(path), content="new\n"))
    assert change is not None
    failed = host.run(change.apply, "r")
    assert failed.status != 0
    assert f"{path}: could not be set aside in {host.state}/original" in failed.stderr
    assert path.read_text() == "old\n" * 40_000
    host.must(change.undo, "r")
    assert path.read_text() == "old\n" * 40_000
    assert host.must(f"ls -A {host.state}/original") == ""


@pytest.mark.parametrize("there", [None, "old\n"])
def test_cut_at_any_command_there_is_the_old_or_the_new(tmp_path: Path, there: str | None) -> None:
    numbers = count()
    path = tmp_path / "a.conf"
    resource = File(path=str(path), content="new\n", validate='grep -q new "$CANDIDATE"')

    def new_host() -> Host:
        path.unlink(missing_ok=True)
        if there is not None:
            path.write_text(there)
        return Host(tmp_path / f"state-{next(numbers)}")

    def whole() -> None:
        assert (path.read_text() if path.exists() else None) in (there, "new\n")

    assert assert_survives_cuts(new_host, resource, whole) >= 5
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"path": "etc/a"}, "give an absolute path"),
        ({"path": "/etc/../a"}, "write it as '/a'"),
        ({"path": "/etc/a\nb"}, "take it out"),
        ({"content": "a\0b"}, "NUL"),
        ({"content": "a\ud800"}, "character 1 is no valid Unicode"),
        ({"mode": 0o10000}, "permission bits"),
        ({"owner": "a b"}, "owner 'a b'"),
    ],
)
def test_wrong_parts_are_refused(wrong: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        File(**({"path": "/etc/a", "content": ""} | wrong))  # type: ignore[arg-type]


def test_triggers_are_handed_on() -> None:
    handler = Handler("reload x", "true")
    assert File(path="/a", content="", triggers=(handler,)).triggers == (handler,)
