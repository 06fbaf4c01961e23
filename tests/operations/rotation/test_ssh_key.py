"""A new SSH key on hosts with a real sshd each, of which one is entered through sudo."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from provisioning.model.loader.load import load_inventory
from provisioning.operations.cluster.cluster import Cluster
from provisioning.operations.cluster.fleet import open_fleet
from provisioning.operations.errors import OperationError
from provisioning.operations.rotation import ssh_key
from provisioning.operations.rotation.authorized_keys import BEFORE
from provisioning.operations.rotation.ssh_key import check_keys, rotate_ssh_key
from provisioning.transport.base import AuthenticationError
from provisioning.transport.key_ring import UnusableKeyError
from provisioning.transport.public_key import NoPublicKeyError, PublicKey
from tests.operations.operating import SilentDialogue, operation
from tests.transport.sshd import Sshd, make_key

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="an sshd with accounts takes root")

_USERS = {"rs1": "root", "rs2": "free"}


class Noting(SilentDialogue):
    """One that keeps what the operator is told."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


class Site:
    """Two hosts, the old key of both, a new one, and the operator's inventory."""

    def __init__(self, folder: Path, servers: dict[str, Sshd]) -> None:
        self.folder, self.servers = folder, servers
        self.old, self.new = make_key(folder / "old"), make_key(folder / "new")
        for server in servers.values():
            other = (server.folder / "key.pub").read_text()
            old = (folder / "old.pub").read_text()
            self.file(server).write_text(f'# team\n{other}from="127.0.0.1",no-pty {old}')
            self.file(server).chmod(0o644)

    @staticmethod
    def file(server: Sshd) -> Path:
        return server.folder / "authorized_keys"

    def texts(self) -> dict[str, str]:
        return {name: self.file(server).read_text() for name, server in self.servers.items()}

    def rotate(self, entered_with: Path) -> tuple[bool, list[str]]:
        """The outcome, and what the operator is told, where the inventory names that key."""
        hosts = "".join(
            f"    {name}: {{address: 192.0.2.10{at}, ssh: {{port: {server.port}, "
            f"user: {_USERS[name]}, known_hosts_file: {server.known_hosts}}}}}\n"
            for at, (name, server) in enumerate(self.servers.items())
        )
        path = self.folder / "inventory.yaml"
        path.write_text(
            "vip: 192.0.2.200\n"
            f"ssh: {{host: 127.0.0.1, key_file: {entered_with}, connect_timeout: 60}}\n"
            "directors: {hosts: {lvs1: 192.0.2.11, lvs2: 192.0.2.12}}\n"
            f"real_servers:\n  hosts:\n{hosts}"
        )
        cluster = Cluster(load_inventory(path), path)
        keys = PublicKey.of_file(self.old), PublicKey.of_file(self.new)
        with open_fleet(cluster) as fleet:
            dialogue = Noting()
            op = replace(operation(cluster, fleet), dialogue=dialogue)
            done = rotate_ssh_key(op, *keys, list(self.servers), lambda _: None)
        return done, dialogue.notes


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, Sshd]]:
    with tempfile.TemporaryDirectory(prefix="cosyvoice-keys-") as folder:
        # sshd reads a file of keys as the one who would come in.
        Path(folder).chmod(0o755)
        found = {name: Sshd(Path(folder) / name) for name in _USERS}
        for server in found.values():
            server.start()
        yield found
        for server in found.values():
            server.stop()


@pytest.fixture
def site(tmp_path: Path, servers: dict[str, Sshd]) -> Site:
    return Site(tmp_path, servers)


def _line(key: Path) -> str:
    return " ".join(key.with_name(f"{key.name}.pub").read_text().split()[:2])


def test_the_new_key_comes_in_beside_the_old_one_with_its_options(site: Site) -> None:
    before = site.texts()
    done, notes = site.rotate(site.old)
    new = f'from="127.0.0.1",no-pty {_line(site.new)} new\n'
    assert site.texts() == {name: text + new for name, text in before.items()}
    assert done and len(notes) == 1
    assert "still names" in notes[0] and f"write {site.new} there (ssh.key_file)" in notes[0]
    # Again it changes nothing, and says the same.
    assert site.rotate(site.old) == (True, notes)
    assert site.texts() == {name: text + new for name, text in before.items()}


def test_once_the_inventory_names_the_new_one_the_old_one_goes(site: Site) -> None:
    before = site.texts()
    assert site.rotate(site.old)[0]
    assert site.rotate(site.new) == (True, [])
    for name, text in site.texts().items():
        kept = before[name][: before[name].index("from=")]
        assert text == f'{kept}from="127.0.0.1",no-pty {_line(site.new)} new\n'
        assert not list(site.servers[name].folder.glob(f"*{BEFORE}"))
    assert site.rotate(site.new) == (True, [])


def test_a_host_into_which_nobody_would_come_keeps_the_old_key(site: Site) -> None:
    # The inventory names it by another name.
    copy = Path(shutil.copy(site.old, site.folder / "copy"))
    done, notes = site.rotate(copy)
    assert not done and notes == ["Either key still comes in there; the same command continues."]
    for text in site.texts().values():
        assert _line(site.old) in text and _line(site.new) in text
    assert site.rotate(site.new) == (True, [])
    assert not any(_line(site.old) in text for text in site.texts().values())


def test_a_new_key_that_does_not_come_in_takes_nothing_away(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise AuthenticationError("the login was refused")

    monkeypatch.setattr(ssh_key, "connect", refused)
    before = site.texts()
    copy = Path(shutil.copy(site.old, site.folder / "copy"))
    assert site.rotate(copy)[0] is False
    assert all(text.startswith(before[name]) for name, text in site.texts().items())


def test_what_cannot_be_done_is_said_before_anything_is_changed(site: Site) -> None:
    before = site.texts()
    old, new = PublicKey.of_file(site.old), PublicKey.of_file(site.new)
    check_keys(old, new)
    with pytest.raises(OperationError, match="are the same key"):
        check_keys(old, PublicKey.of_file(site.old.with_name("old.pub")))
    site.new.chmod(0o644)
    with pytest.raises(UnusableKeyError, match="other users can read"):
        check_keys(old, new)
    site.new.chmod(0o600)
    theirs = site.servers["rs1"].key
    for server in site.servers.values():
        server.allow(theirs.with_name("key.pub"))
    with pytest.raises(OperationError, match=r"rs1, rs2: .*old is in none of the files"):
        site.rotate(theirs)
    site.file(site.servers["rs1"]).write_text(before["rs1"])
    with pytest.raises(OperationError, match="cannot be reached: rs2 "):
        site.rotate(site.old)
    assert site.texts()["rs1"] == before["rs1"]


def test_a_file_that_is_no_key_is_said_with_the_fix(tmp_path: Path) -> None:
    path = tmp_path / "notes"
    path.write_text("hello\n")
    with pytest.raises(NoPublicKeyError, match=r"ssh-keygen -y -f .*/notes > .*/notes\.pub"):
        PublicKey.of_file(path)
