"""Becoming root: what sudo is given, and what its refusals say."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from provisioning.transport.base import SudoError
from provisioning.transport.ssh import connect
from tests.transport.conftest import Login, connection
from tests.transport.sshd import PASSWORD, Sshd

Secret = Callable[[str], dict[str, str]]


class TestWithoutAPassword:
    def test_root(self, login: Login) -> None:
        assert login(user="free").run("id -un").stdout == b"root\n"

    def test_not_when_root_is_not_wanted(self, login: Login) -> None:
        assert login(user="never").run("id -un", root=False).stdout == b"never\n"

    def test_not_when_the_inventory_says_no(self, login: Login) -> None:
        assert login(user="never", sudo=False).run("id -un").stdout == b"never\n"

    def test_one_is_wanted(self, login: Login) -> None:
        with pytest.raises(SudoError, match=r"rs1: sudo wants a password.*ssh\.sudo_password"):
            login(user="asked").run("id")

    def test_there_is_no_sudo(self, login: Login) -> None:
        with pytest.raises(SudoError, match="rs1: there is no sudo; install it"):
            login(user="without").run("id")


class TestWithAPassword:
    def test_root(self, login: Login, secret: Secret) -> None:
        transport = login(user="asked", sudo_password=secret(PASSWORD))
        # What the script reads from its input is neither the password nor the script itself.
        done = transport.run("id -un; cat; echo 错误 >&2; exit 7", root=True)
        assert (done.stdout, done.stderr.decode(), done.status) == (b"root\n", "错误\n", 7)
        assert transport.run("id -un").stdout == b"root\n"
        assert transport.run("id -un", root=False).stdout == b"asked\n"

    def test_a_long_script(self, login: Login, secret: Secret) -> None:
        body = "\n".join(f"line {number}" for number in range(300_000))
        transport = login(user="asked", sudo_password=secret(PASSWORD))
        assert transport.run(f"cat <<'END'\n{body}\nEND\n").stdout.decode() == f"{body}\n"

    @pytest.mark.parametrize("user", ["free", "pty"])
    def test_one_that_is_not_needed_is_not_run_as_a_command(
        self, login: Login, secret: Secret, tmp_path: Path, user: str
    ) -> None:
        trap = tmp_path / "ran"
        done = login(user=user, sudo_password=secret(f"touch {trap}")).run("id -un; cat")
        assert (done.stdout, done.stderr) == (b"root\n", b"")
        assert not trap.exists()

    def test_wrong(self, login: Login, secret: Secret, tmp_path: Path) -> None:
        trap = tmp_path / "ran"
        transport = login(user="asked", sudo_password=secret("guess"))
        began = time.monotonic()
        with pytest.raises(SudoError, match=r"refused the password.*ssh\.sudo_password") as caught:
            transport.run(f"touch {trap}")
        assert time.monotonic() - began < 20
        assert "guess" not in repr(caught.value)
        assert not trap.exists()

    def test_wrong_and_only_one_try(self, own_sshd: Sshd, login: Login, secret: Secret) -> None:
        own_sshd.sudoers += "Defaults passwd_tries=1\n"
        own_sshd.start()
        with pytest.raises(SudoError, match="refused the password"):
            login(own_sshd, user="asked", sudo_password=secret("guess")).run("id")

    def test_not_in_sudoers(self, login: Login, secret: Secret) -> None:
        with pytest.raises(SudoError, match=r"rs1: .*never is not in the sudoers.*visudo"):
            login(user="never", sudo_password=secret(PASSWORD)).run("id")

    def test_there_is_no_sudo(self, login: Login, secret: Secret) -> None:
        with pytest.raises(SudoError, match="rs1: there is no sudo"):
            login(user="without", sudo_password=secret(PASSWORD)).run("id")

    def test_it_cannot_be_had(self, sshd: Sshd, tmp_path: Path) -> None:
        asked = connection(sshd, user="asked", sudo_password={"env": "NOT_SET_ANYWHERE"})
        with pytest.raises(SudoError, match=r"rs1: ssh\.sudo_password: .*NOT_SET_ANYWHERE"):
            connect("rs1", asked, base_dir=tmp_path)

    def test_a_check_that_hangs(
        self, own_sshd: Sshd, login: Login, secret: Secret, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("provisioning.transport.channel._SUDO_PATIENCE", 1.0)
        own_sshd.pam_sudo = "auth optional pam_exec.so /bin/sleep 20\n" + own_sshd.pam_sudo
        own_sshd.start()
        transport = login(own_sshd, user="asked", sudo_password=secret(PASSWORD))
        with pytest.raises(SudoError, match=r"rs1: sudo did not answer within 1 s"):
            transport.run("id")

    def test_what_is_not_our_shell_never_sees_the_script(
        self, own_sshd: Sshd, login: Login, secret: Secret
    ) -> None:
        got = own_sshd.folder / "got"
        got.touch()
        got.chmod(0o666)
        # It ends its output, and goes on listening.
        own_sshd.more = f"ForceCommand exec >&- 2>&-; cat > {got}"
        own_sshd.start()
        transport = login(own_sshd, user="asked", sudo_password=secret(PASSWORD))
        with pytest.raises(SudoError, match="rs1: sudo did not run the script"):
            transport.run("echo the script", timeout=60)
        assert got.read_text() == f"{PASSWORD}\n"

    def test_the_password_is_in_no_process_list(self, login: Login, secret: Secret) -> None:
        transport = login(user="asked", sudo_password=secret(PASSWORD))
        listed = transport.run("ps -eo args").stdout.decode()
        assert "sudo -S" in listed
        assert PASSWORD not in listed


def test_a_terminal_is_wanted(login: Login) -> None:
    with pytest.raises(SudoError, match=r"rs1: sudo .*must have a tty"):
        login(user="notty").run("id")
