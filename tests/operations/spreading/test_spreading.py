"""Contents go from host to host: real programs that talk TLS with each other on this machine."""

import os
import random
import socket
import ssl
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from provisioning.operations.spreading import spreading
from provisioning.operations.spreading.certificate import run_certificate
from provisioning.operations.spreading.chain import Ready, chain, sources
from provisioning.operations.spreading.errors import SpreadError
from tests.operations.spreading.hosts import FolderHost, Site
from tests.ports import free_port
from tests.processes import wait_until

_MIB = 1 << 20
_BIG = random.Random(7).randbytes(6 * _MIB + 123)
NAMES = ["n1", "n2", "n3", "n4"]


def _as_idle(hosts: Mapping[str, Ready]) -> dict[str, Ready]:
    return {name: replace(one, load=0.0) for name, one in hosts.items()}


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    # All have this machine's load, each at its own moment.
    monkeypatch.setattr(spreading, "chain", lambda hosts: chain(_as_idle(hosts)))
    site = Site(tmp_path, free_port())
    site.content("big", _BIG)
    site.content("small", b"small")
    site.content("empty", b"")
    return site


def test_the_busiest_sends_nothing_and_nobody_waits_for_one_behind() -> None:
    hosts = {
        "busy": Ready(7859, 1.5, 0, 3),
        "begun": Ready(7859, 0.9, 10, 2),
        "shut": Ready(0, 0.0, 5, 3),
        "idle": Ready(7859, 0.01, 0, 3),
        "whole": Ready(7859, 2.0, 99, 0),
    }
    order = chain(hosts)
    assert order == ["whole", "begun", "shut", "idle", "busy"]
    assert sources(order, hosts, "busy") == ["idle", "begun", "whole"]
    assert sources(order, hosts, "whole") == []


def test_each_byte_is_sent_from_here_once(site: Site) -> None:
    assert not site.spread(NAMES).errors
    assert all(site.has_all(name) for name in NAMES)
    assert list(site.sent.values()) == [len(_BIG) + 5]
    assert (site.hosts["n3"].folder / "here/big").stat().st_mode & 0o777 == 0o644
    assert not any((site.hosts["n3"].folder / "coming").iterdir())
    site.spread(NAMES)
    assert site.sent == {}


@pytest.mark.parametrize("lost", ["n1", "n2"])
def test_a_host_that_is_lost_in_the_middle_keeps_nothing_from_the_others(
    site: Site, lost: str
) -> None:
    def lose(sent: int) -> None:
        if sent == 3 * _MIB:
            conversation = site.hosts[lost].conversation
            assert conversation
            conversation.kill()

    site.hosts["n1"].watch = lose
    fleet = site.spread(NAMES)
    assert list(fleet.errors) == [lost]
    assert [name for name in NAMES if site.has_all(name)] == [n for n in NAMES if n != lost]
    # Where the first is lost the second goes on from here, at the place that it had reached.
    assert sum(site.sent.values()) <= len(_BIG) + 5 + (8 * _MIB if lost == "n1" else 0)
    assert site.sent.keys() <= {"n1", "n2"}


def test_cut_it_goes_on_where_it_was(site: Site) -> None:
    part = site.hosts["n1"].folder / "coming/big"

    def cut(sent: int) -> None:
        if sent == 4 * _MIB:
            # Three were sent before; how many of them the host has written by now, is its affair.
            wait_until(lambda: part.exists() and part.stat().st_size >= 2 * _MIB)
            raise KeyboardInterrupt

    site.hosts["n1"].watch = cut
    with pytest.raises(KeyboardInterrupt):
        site.spread(NAMES[:2])
    assert not site.has_all("n1")
    site.hosts["n1"].watch = lambda sent: None
    site.spread(NAMES[:2])
    assert site.has_all("n1") and site.has_all("n2")
    assert sum(site.sent.values()) <= len(_BIG) + 5 - 2 * _MIB


def test_hosts_that_do_not_reach_each_other_get_it_from_here(site: Site) -> None:
    site.listens = False
    site.spread(["n1", "n2"])
    assert site.sent == dict.fromkeys(["n1", "n2"], len(_BIG) + 5)
    assert site.has_all("n1") and site.has_all("n2")


def test_a_port_that_somebody_else_has_is_said(site: Site) -> None:
    with socket.create_server(("127.0.7.1", site.port)):
        site.spread(["n1", "n2"])
    assert site.has_all("n1") and site.has_all("n2")


def test_a_host_that_has_it_all_saves_the_upload(site: Site) -> None:
    site.spread(["n4"])
    site.spread(["n1", "n2"], helpers=["n3", "n4"])
    assert site.sent == {}
    assert site.has_all("n1") and site.has_all("n2") and not site.has_all("n3")


def test_what_rotted_on_a_host_goes_no_further(site: Site) -> None:
    site.spread(["n4"])
    rotten = site.hosts["n4"].folder / "here/big"
    rotten.write_bytes(b"?" + _BIG[1:])
    site.spread(["n1", "n2"], helpers=["n4"])
    assert site.has_all("n1") and site.has_all("n2")


def test_a_part_that_is_not_what_it_was_is_sent_again(site: Site) -> None:
    part = site.hosts["n1"].folder / "coming/big"
    part.parent.mkdir()
    part.write_bytes(b"?" * _MIB)
    site.spread(["n1"])
    assert site.has_all("n1")


def test_a_host_that_cannot_write_is_named_and_the_others_get_all(site: Site) -> None:
    (site.hosts["n1"].folder / "here").write_bytes(b"in the way")
    with pytest.raises(SpreadError, match=r"n1: .*/srv/here.*exists"):
        site.spread(["n1", "n2", "n3"])
    assert site.has_all("n2") and site.has_all("n3")


def test_a_source_that_is_gone_here_is_named(site: Site) -> None:
    site.contents[0].source.unlink()
    with pytest.raises(SpreadError, match=r"big: No such file"):
        site.spread(["n1"])


def test_a_stranger_gets_nothing(site: Site) -> None:
    asked: list[str] = []

    def ask(sent: int) -> None:
        if sent == 2 * _MIB:
            asked.append(_said_to_stranger(site.port))

    site.hosts["n1"].watch = ask
    site.spread(["n1", "n2"])
    assert asked == ["refused"]


def _said_to_stranger(port: int) -> str:
    mine = run_certificate()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    memory = os.memfd_create("key")
    os.write(memory, f"{mine.key}{mine.certificate}".encode())
    context.load_cert_chain(f"/proc/self/fd/{memory}")
    os.close(memory)
    try:
        with (
            socket.create_connection(("127.0.7.1", port)) as plain,
            context.wrap_socket(plain) as connection,
        ):
            connection.sendall(b"[[0, 0]]\n")
            return "answered" if connection.recv(1) else "refused"
    except OSError:
        return "refused"


def test_no_process_list_shows_the_key(site: Site) -> None:
    shown: list[bytes] = []

    def look(sent: int) -> None:
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                shown.append(path.read_bytes() + (path.parent / "environ").read_bytes())
            except OSError:
                continue

    site.hosts["n1"].watch = look
    site.spread(["n1"])
    host: FolderHost = site.hosts["n1"]
    assert host.conversation and "PRIVATE KEY" in host.conversation.setup["key"]
    secret = host.conversation.setup["key"].splitlines()[1].encode()
    assert shown and not any(secret in one for one in shown)
