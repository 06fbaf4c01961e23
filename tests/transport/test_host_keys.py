"""Identity of a host, checked by a real sshd and OpenSSH's own tools."""

import base64
import fcntl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import paramiko
import pytest

from provisioning.transport import known_hosts
from provisioning.transport.base import HostKeyError
from provisioning.transport.known_hosts import Entry, KnownHosts, fingerprint
from tests.transport.conftest import Login
from tests.transport.sshd import Sshd, make_key


def shown_by_ssh_keygen(public_key: Path) -> str:
    """The fingerprint, such as ``SHA256:abc``."""
    listed = subprocess.run(
        ["ssh-keygen", "-lf", str(public_key)], capture_output=True, text=True, check=True
    )
    return listed.stdout.split()[1]


class TestUnknown:
    def test_is_refused_with_its_fingerprint(
        self, sshd: Sshd, login: Login, tmp_path: Path
    ) -> None:
        with pytest.raises(HostKeyError) as caught:
            login(known_hosts_file=tmp_path / "empty")
        said = str(caught.value)
        assert f"rs1: [127.0.0.1]:{sshd.port}: unknown host key ssh-ed25519 " in said
        assert shown_by_ssh_keygen(sshd.folder / "host_key.pub") in said
        assert f"{tmp_path / 'empty'}" in said
        assert "--accept-new-host-keys" in said
        assert not (tmp_path / "empty").exists()

    def test_is_learnt_when_asked_and_holds_then(
        self, sshd: Sshd, login: Login, tmp_path: Path
    ) -> None:
        known = tmp_path / "new" / "known_hosts"
        login(known_hosts_file=known, accept_new_host_keys=True)
        assert known.stat().st_mode & 0o777 == 0o600
        assert known.parent.stat().st_mode & 0o777 == 0o700
        login(known_hosts_file=known)
        found = subprocess.run(
            ["ssh-keygen", "-F", f"[127.0.0.1]:{sshd.port}", "-f", str(known)], capture_output=True
        )
        assert found.returncode == 0

    def test_is_written_after_a_last_line_without_an_end(
        self, login: Login, tmp_path: Path
    ) -> None:
        known = tmp_path / "known_hosts"
        known.write_text("# mine")
        login(known_hosts_file=known, accept_new_host_keys=True)
        assert known.read_text().startswith("# mine\n[127.0.0.1]")

    def test_is_learnt_once_by_many_at_once(self, login: Login, tmp_path: Path) -> None:
        known = tmp_path / "known_hosts"

        def work() -> None:
            login(known_hosts_file=known, accept_new_host_keys=True)

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(known.read_text().splitlines()) == 1

    def test_the_file_is_locked_meanwhile(self, login: Login, tmp_path: Path) -> None:
        known = tmp_path / "known_hosts"
        with known.open("a") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            learning = threading.Thread(
                target=login, kwargs={"known_hosts_file": known, "accept_new_host_keys": True}
            )
            learning.start()
            learning.join(1.5)
            assert learning.is_alive()
            assert known.read_text() == ""
        learning.join()
        assert len(known.read_text().splitlines()) == 1

    def test_a_host_authority_is_told_of(self, sshd: Sshd, login: Login, tmp_path: Path) -> None:
        known = tmp_path / "known_hosts"
        known.write_text(f"@cert-authority * {sshd.host_key()}\n")
        with pytest.raises(HostKeyError, match=r"known_hosts:1 is a @cert-authority line"):
            login(known_hosts_file=known)

    def test_a_file_that_cannot_be_written(self, login: Login, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(HostKeyError, match="cannot be read: Not a directory"):
            login(known_hosts_file=tmp_path / "file" / "known_hosts", accept_new_host_keys=True)


class TestChanged:
    @pytest.mark.parametrize("kind", ["ed25519", "ecdsa"])
    def test_is_refused_even_when_new_ones_are_accepted(
        self, own_sshd: Sshd, login: Login, kind: str
    ) -> None:
        old = shown_by_ssh_keygen(own_sshd.folder / "host_key.pub")
        own_sshd.new_host_key(kind)
        own_sshd.start()
        with pytest.raises(HostKeyError, match=r"CHANGED.*known_hosts:1.*ssh-keygen -R") as caught:
            login(own_sshd, accept_new_host_keys=True)
        assert old in str(caught.value)
        assert shown_by_ssh_keygen(own_sshd.folder / "host_key.pub") in str(caught.value)

    def test_the_advice_helps(self, own_sshd: Sshd, login: Login) -> None:
        own_sshd.new_host_key()
        own_sshd.start()
        with pytest.raises(HostKeyError) as caught:
            login(own_sshd)
        advice = str(caught.value).partition("that it is the host: ")[2].partition(", then")[0]
        subprocess.run(["sh", "-c", advice], check=True, capture_output=True)
        login(own_sshd, accept_new_host_keys=True)

    def test_no_secret_is_shown_to_such_a_host(
        self, own_sshd: Sshd, login: Login, tmp_path: Path
    ) -> None:
        own_sshd.more = "LogLevel DEBUG"
        own_sshd.new_host_key()
        own_sshd.start()
        with pytest.raises(HostKeyError):
            login(own_sshd)
        assert "userauth-request" not in own_sshd.log()


def test_the_known_type_is_asked_for(own_sshd: Sshd, login: Login) -> None:
    # It has three keys; we know the one that would be the last choice.
    known = own_sshd.known_hosts
    for kind in ("rsa", "ecdsa"):
        make_key(own_sshd.folder / kind, kind)
        own_sshd.more += f"HostKey {own_sshd.folder / kind}\n"
    own_sshd.start()
    for kind in ("rsa", "ecdsa"):
        key = (own_sshd.folder / f"{kind}.pub").read_text()
        known.write_text(f"[127.0.0.1]:{own_sshd.port} {key}")
        login(own_sshd)


def test_one_of_several_keys_of_a_type_will_do(sshd: Sshd, login: Login, tmp_path: Path) -> None:
    other = make_key(tmp_path / "other").with_suffix(".pub").read_text()
    known = tmp_path / "known_hosts"
    known.write_text(f"[127.0.0.1]:{sshd.port} {other}{sshd.known_hosts.read_text()}")
    login(known_hosts_file=known)


def test_hashed_names_are_found(sshd: Sshd, login: Login, tmp_path: Path) -> None:
    known = tmp_path / "known_hosts"
    known.write_text(sshd.known_hosts.read_text())
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", str(known)], check=True, capture_output=True)
    assert "127.0.0.1" not in known.read_text()
    login(known_hosts_file=known)


def test_revoked_is_refused_before_the_login(own_sshd: Sshd, login: Login, tmp_path: Path) -> None:
    own_sshd.more = "LogLevel DEBUG"
    own_sshd.start()
    login(own_sshd)
    logins = own_sshd.log().count("userauth-request")
    assert logins
    known = own_sshd.known_hosts
    known.write_text(f"{known.read_text()}@revoked * {own_sshd.host_key()}\n")
    with pytest.raises(HostKeyError, match=r"@revoked.*known_hosts:2"):
        login(own_sshd, accept_new_host_keys=True)
    assert own_sshd.log().count("userauth-request") == logins


def test_fingerprints_are_those_of_ssh_keygen(tmp_path: Path) -> None:
    path = make_key(tmp_path / "key", "rsa")
    shown = fingerprint(paramiko.PKey.from_path(path))
    assert shown == f"ssh-rsa {shown_by_ssh_keygen(path.with_suffix('.pub'))}"


NAMES = (
    "rs1",
    "rs1.example.com",
    "10.0.0.1",
    "[10.0.0.1]:2222",
    "[rs1.example.com]:2222",
    "2001:db8::1",
    "[2001:db8::1]:2222",
    "director",
)
PATTERNS = (
    "rs1",
    "RS1.example.com",
    "*.example.com",
    "rs?,director",
    "*,!rs1",
    "!rs1,*",
    "[*]:2222",
    "[10.0.0.?]:2222,10.0.0.*",
    "2001:db8::1",
    "[2001:db8::1]:2222",
    "*.example.com,![rs1.example.com]:2222",
)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_patterns_match_as_they_do_for_openssh(pattern: str, tmp_path: Path) -> None:
    public = make_key(tmp_path / "key").with_suffix(".pub").read_text()
    key = paramiko.PKey.from_path(tmp_path / "key")
    known = tmp_path / "known_hosts"
    known.write_text(f"{pattern} {public}")
    for name in NAMES:
        found = subprocess.run(
            ["ssh-keygen", "-F", name, "-f", str(known)], capture_output=True
        ).returncode
        ours = key.get_name() in KnownHosts([known]).kinds((name,))
        assert ours == (found == 0), (pattern, name)


def test_a_damaged_file_still_serves(sshd: Sshd, login: Login, tmp_path: Path) -> None:
    known = tmp_path / "known_hosts"
    damaged = [
        b"\xff\xfe\x00",
        b"one",
        b"|1|bad|hash ssh-ed25519 AAAA",
        b"|1|" + base64.b64encode(b"short") + b"|x ssh-ed25519 AAAA",
        f"[127.0.0.1]:{sshd.port} ssh-ed25519 !!!!".encode(),
        f"[127.0.0.1]:{sshd.port} ssh-newer-than-us AAAA".encode(),
        b"@unheard-of * ssh-ed25519 AAAA",
    ]
    known.write_bytes(b"\n".join(damaged) + b"\n" + sshd.known_hosts.read_bytes())
    login(known_hosts_file=known)
    known.write_bytes(b"\n".join(damaged) + b"\n")
    with pytest.raises(HostKeyError, match=r"CHANGED.*:5 knows ssh-ed25519"):
        login(known_hosts_file=known)


class TestManyHosts:
    def test_a_file_is_read_once_and_anew_where_it_changed(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        file, reads = tmp_path / "known_hosts", []
        read = known_hosts._entries

        def counted(path: Path) -> Iterator[Entry]:
            reads.append(path)
            return read(path)

        monkeypatch.setattr(known_hosts, "_entries", counted)
        public = {n: make_key(tmp_path / f"key{n}").with_suffix(".pub") for n in (1, 2)}
        words = {n: path.read_text().split()[:2] for n, path in public.items()}
        file.write_text(f"first,10.0.0.1 {' '.join(words[1])}\n")
        keys = {n: paramiko.PKey.from_path(tmp_path / f"key{n}") for n in (1, 2)}
        for name in ("first", "10.0.0.1", "FIRST".lower()) * 20:
            KnownHosts([file]).check((name,), keys[1], accept_new=False)
        assert reads == [file]
        KnownHosts([file]).check(("second",), keys[2], accept_new=True)
        KnownHosts([file]).check(("second",), keys[2], accept_new=False)
        assert reads == [file, file]

    def test_lines_with_plain_names_are_not_asked_one_by_one(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        file = tmp_path / "known_hosts"
        file.write_text("".join(f"host{n},10.0.0.{n} ssh-ed25519 key{n}\n" for n in range(200)))
        monkeypatch.setattr(Entry, "is_about", lambda *_: pytest.fail("a line was asked"))
        assert KnownHosts([file]).kinds(("10.0.0.7",)) == {"ssh-ed25519"}
        assert KnownHosts([file]).kinds(("elsewhere",)) == set()
