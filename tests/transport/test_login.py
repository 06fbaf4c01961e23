"""Log-in: the credentials that are accepted, and the message of a refusal."""

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from provisioning.transport.base import AuthenticationError, UnreachableError
from tests.transport.conftest import Login
from tests.transport.sshd import PASSWORD, Sshd, make_key

Secret = Callable[[str], dict[str, str]]


@pytest.fixture
def agent(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """A real agent; adds the keys it is called with."""
    said = subprocess.run(["ssh-agent", "-s"], capture_output=True, text=True, check=True).stdout
    settings = dict(re.findall(r"(SSH_\w+)=([^;]+);", said))
    monkeypatch.setenv("SSH_AUTH_SOCK", settings["SSH_AUTH_SOCK"])

    def add(*keys: Path, passphrase: str = "") -> None:
        ask = keys[0].parent / "ask"
        ask.write_text(f"#!/bin/sh\necho '{passphrase}'\n")
        ask.chmod(0o700)
        subprocess.run(
            ["ssh-add", "-q", *map(str, keys)],
            env={**os.environ, "SSH_ASKPASS": str(ask), "SSH_ASKPASS_REQUIRE": "force"},
            stdin=subprocess.DEVNULL,
            check=True,
        )

    yield add
    os.kill(int(settings["SSH_AGENT_PID"]), signal.SIGTERM)


def many_keys(folder: Path, count: int) -> list[Path]:
    return [make_key(folder / f"stranger{number}") for number in range(count)]


class TestKeys:
    @pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
    def test_every_kind(self, own_sshd: Sshd, login: Login, tmp_path: Path, kind: str) -> None:
        key = make_key(tmp_path / "mine", kind)
        own_sshd.allow(Path(f"{key}.pub"))
        own_sshd.start()
        assert login(own_sshd, key_file=key).run("id -un").stdout == b"root\n"

    def test_an_old_pem_file(self, own_sshd: Sshd, login: Login, tmp_path: Path) -> None:
        key = tmp_path / "old"
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "rsa", "-m", "PEM", "-N", "", "-f", str(key)], check=True
        )
        own_sshd.allow(Path(f"{key}.pub"))
        own_sshd.start()
        login(own_sshd, key_file=key)

    def test_the_wrong_one_is_named(self, login: Login, tmp_path: Path) -> None:
        key = make_key(tmp_path / "other")
        with pytest.raises(
            AuthenticationError, match=rf"rs1: root@127.*tried: {key};.*authorized_keys"
        ):
            login(key_file=key)

    def test_one_that_is_not_there(self, login: Login) -> None:
        with pytest.raises(
            AuthenticationError, match=r"nothing-here cannot be read: No such file.*ssh\.key_file"
        ):
            login(key_file=Path("nothing-here"))

    def test_one_that_is_no_key(self, login: Login, tmp_path: Path) -> None:
        (tmp_path / "note").write_text("not a key\n")
        (tmp_path / "note").chmod(0o600)
        with pytest.raises(AuthenticationError, match="note is not a private key"):
            login(key_file=tmp_path / "note")

    def test_one_that_others_can_read(self, login: Login, sshd: Sshd, tmp_path: Path) -> None:
        key = Path(shutil.copy(sshd.key, tmp_path / "open"))
        key.chmod(0o644)
        with pytest.raises(AuthenticationError, match=rf"other users can read {key}; chmod 600"):
            login(key_file=key)

    @pytest.mark.parametrize("more", [[], ["-m", "PEM"]])
    def test_one_with_a_passphrase_says_ssh_add(
        self, login: Login, tmp_path: Path, more: list[str]
    ) -> None:
        key = tmp_path / "closed"
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "rsa", *more, "-N", "long enough", "-f", str(key)],
            check=True,
        )
        with pytest.raises(AuthenticationError, match=f"has a passphrase; .*ssh-add {key}"):
            login(key_file=key)

    def test_no_key_at_all(self, login: Login) -> None:
        with pytest.raises(AuthenticationError, match="there is no key or password"):
            login(key_file=None)

    def test_the_default_key(self, login: Login, sshd: Sshd, tmp_path: Path) -> None:
        folder = tmp_path / "home" / ".ssh"
        folder.mkdir(parents=True)
        shutil.copy(sshd.key, folder / "id_ed25519")
        make_key(folder / "id_rsa", "rsa", passphrase="does not matter")
        login(key_file=None)


class TestAgent:
    def test_its_key(self, login: Login, sshd: Sshd, agent: Callable[..., None]) -> None:
        agent(sshd.key)
        assert login(key_file=None).run("id -un").stdout == b"root\n"

    def test_its_rsa_key_signs_with_sha2(
        self, own_sshd: Sshd, login: Login, agent: Callable[..., None], tmp_path: Path
    ) -> None:
        key = make_key(tmp_path / "mine", "rsa")
        own_sshd.allow(Path(f"{key}.pub"))
        own_sshd.start()
        agent(key)
        login(own_sshd, key_file=None)

    @pytest.mark.parametrize("with_public_file", [True, False])
    def test_it_opens_a_key_file_with_a_passphrase(
        self,
        own_sshd: Sshd,
        login: Login,
        agent: Callable[..., None],
        tmp_path: Path,
        with_public_file: bool,
    ) -> None:
        key = make_key(tmp_path / "closed", passphrase="long enough")
        own_sshd.allow(Path(f"{key}.pub"))
        own_sshd.start()
        agent(*many_keys(tmp_path, 7))
        agent(key, passphrase="long enough")
        if not with_public_file:
            Path(f"{key}.pub").unlink()
        login(own_sshd, key_file=key)

    def test_too_many_keys_say_which_setting_helps(
        self, login: Login, sshd: Sshd, agent: Callable[..., None], tmp_path: Path
    ) -> None:
        agent(*many_keys(tmp_path, 8), sshd.key)
        with pytest.raises(
            AuthenticationError, match=r"hung up after 6 tries .*MaxAuthTries.*ssh\.key_file"
        ):
            login(key_file=None)
        login()

    def test_too_many_keys_leave_a_try_for_the_password(
        self, login: Login, agent: Callable[..., None], secret: Secret, tmp_path: Path
    ) -> None:
        agent(*many_keys(tmp_path, 8))
        login(user="free", key_file=None, password=secret(PASSWORD))

    def test_the_configured_key_comes_before_the_agents(
        self, login: Login, sshd: Sshd, agent: Callable[..., None], tmp_path: Path
    ) -> None:
        agent(*many_keys(tmp_path, 8))
        config = tmp_path / "config"
        config.write_text(f"IdentityFile {sshd.key}\n")
        login(key_file=None, config_file=config)

    def test_one_that_is_gone_is_no_hindrance(
        self, login: Login, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "gone"))
        login()

    def test_one_that_refuses_to_sign(
        self, login: Login, sshd: Sshd, agent: Callable[..., None], tmp_path: Path
    ) -> None:
        # -c: each use must be confirmed, and there is nobody to do so.
        subprocess.run(["ssh-add", "-q", "-c", str(sshd.key)], check=True)
        with pytest.raises(AuthenticationError, match="the agent refuses to sign with agent key"):
            login(key_file=None)


class TestPassword:
    def test_right(self, login: Login, secret: Secret) -> None:
        transport = login(user="free", key_file=None, password=secret(PASSWORD))
        assert transport.run("id -un").stdout == b"root\n"

    def test_wrong_is_told_and_not_shown(self, login: Login, secret: Secret) -> None:
        with pytest.raises(
            AuthenticationError, match=r"rs1: free@127\.0\.0\.1:\d+: .*tried: the password"
        ) as caught:
            login(user="free", key_file=None, password=secret("not-the-password"))
        assert "not-the-password" not in repr(caught.value)

    def test_not_taken_there(self, login: Login, secret: Secret, tmp_path: Path) -> None:
        key = make_key(tmp_path / "other")
        with pytest.raises(AuthenticationError, match="the host asks for: publickey"):
            login(user="keyonly", key_file=key, password=secret(PASSWORD))

    def test_key_and_password_both(self, login: Login, secret: Secret) -> None:
        login(user="both", password=secret(PASSWORD))
        with pytest.raises(AuthenticationError, match="the host asks for: password"):
            login(user="both")

    def test_that_is_not_needed_is_not_looked_up(self, login: Login) -> None:
        login(password={"env": "NOT_SET_ANYWHERE"})

    def test_that_cannot_be_had(self, login: Login) -> None:
        with pytest.raises(AuthenticationError, match=r"rs1: ssh\.password: .*NOT_SET_ANYWHERE"):
            login(key_file=None, password={"env": "NOT_SET_ANYWHERE"})


def test_a_login_that_hangs(own_sshd: Sshd, login: Login) -> None:
    own_sshd.more = "AuthorizedKeysCommand /bin/sleep 30\nAuthorizedKeysCommandUser root"
    own_sshd.allow()
    own_sshd.start()
    with pytest.raises(UnreachableError, match=r"no answer to .*key within 5 s.*connect_timeout"):
        # Enough to get as far as the login on a busy machine.
        login(own_sshd, connect_timeout=5)
