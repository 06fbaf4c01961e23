"""Accounts, in a copy of this machine's /etc that only the test sees."""

from itertools import count
from pathlib import Path

import pytest

from provisioning.resources.user import User
from tests.resources.host import Host, Namespaces
from tests.resources.invariants import assert_cycle, assert_survives_cuts, remembered


@pytest.fixture
def account_host(isolated_host: Host, tmp_path: Path) -> Host:
    """A host with an /etc of its own; useradd(8) replaces files in it by renaming."""
    own = tmp_path / "etc"
    isolated_host.must(
        f"mkdir {own}\n"
        "for f in passwd group shadow gshadow login.defs nsswitch.conf; do\n"
        f"[ ! -e /etc/$f ] || cp -a /etc/$f {own}; done\n"
        f"mkdir -p {own}/default; mount --bind {own} /etc"
    )
    return isolated_host


SPEAKER = User(name="cosyvoice", home="/opt/语音")


def test_there_and_back(account_host: Host) -> None:
    assert_cycle(account_host, SPEAKER)
    account_host.deploy(SPEAKER)
    entry = account_host.must("getent passwd cosyvoice").strip().split(":")
    assert entry[5:] == ["/opt/语音", "/usr/sbin/nologin"]
    assert account_host.must("getent shadow cosyvoice").split(":")[1] in ("!", "*", "!*")
    assert account_host.must("id -Gn cosyvoice").split() == ["cosyvoice"]


def test_groups_are_joined_at_once_and_later(account_host: Host) -> None:
    account_host.deploy(SPEAKER)
    later = User(name="cosyvoice", home="/opt/语音", groups=("video", "audio"))
    run = account_host.begin()
    change = account_host.change(later)
    assert change is not None
    assert change.summary == "add to video, audio"
    account_host.must(change.apply, run)
    assert account_host.change(later) is None
    account_host.must(change.undo, run)
    assert account_host.must("id -Gn cosyvoice").split() == ["cosyvoice"]
    account_host.must(later.remove())
    assert_cycle(account_host, later)


def test_an_account_that_was_there_keeps_everything(account_host: Host) -> None:
    account_host.must("useradd --home-dir /home/person --shell /bin/sh person")
    person = User(name="person", home="/opt/app", groups=("video",))
    before = account_host.must("getent passwd person")
    assert_cycle(account_host, person)
    account_host.deploy(person)
    assert account_host.must("getent passwd person") == before
    account_host.must(person.remove())
    assert account_host.must("getent passwd person") == before


def test_a_group_of_its_name_that_was_there_is_used(account_host: Host) -> None:
    account_host.must("groupadd --system --gid 987 cosyvoice")
    account_host.deploy(SPEAKER)
    assert account_host.must("id -g cosyvoice").strip() == "987"


def test_a_group_that_is_missing_is_named(account_host: Host) -> None:
    change = account_host.change(User(name="cosyvoice", home="/a", groups=("no-group",)))
    assert change is not None
    run = account_host.begin()
    failed = account_host.run(change.apply, run)
    assert failed.status != 0
    assert "no-group" in failed.stderr
    account_host.must(change.undo, run)
    assert remembered(account_host) == []


def test_an_account_that_useradd_was_cut_in_is_completed(account_host: Host) -> None:
    account_host.must("echo cosyvoice:x:987:987::/opt/app:/usr/sbin/nologin >> /etc/passwd")
    assert account_host.deploy(SPEAKER) == ["make its group"]
    assert account_host.must("id -Gn cosyvoice").strip() == "cosyvoice"
    assert account_host.must("getent shadow cosyvoice")


def test_cut_at_any_command_the_next_run_finishes(account_host: Host, tmp_path: Path) -> None:
    numbers = count()

    def new_host() -> Host:
        assert isinstance(account_host.namespaces, Namespaces)
        return Host(tmp_path / f"state-{next(numbers)}", account_host.namespaces)

    assert assert_survives_cuts(new_host, SPEAKER, lambda: None) >= 5


@pytest.mark.parametrize("wrong", [{"name": "a b"}, {"home": "opt"}, {"groups": ("a,b",)}])
def test_wrong_parts_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError):
        User(**({"name": "a", "home": "/a"} | wrong))  # type: ignore[arg-type]
