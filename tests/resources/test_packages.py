"""Packages: what is there is asked of the real dpkg; apt-get is a stand-in that writes down what
it is told and tries to start a service, as a real one would change this machine."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from provisioning.resources.base import UnobservableError
from provisioning.resources.package import Packages
from tests.resources.host import Host

_APT_GET = """\
#!/bin/sh
echo "$@" >> {folder}/said
[ -e {folder}/installs ] || {{ echo "E: Unable to locate package" >&2; exit 100; }}
case $* in *update) exit 0 ;; esac
if {policy} sshd start; then echo started; else echo "held $?"; fi > {folder}/started
sleep "$(cat {folder}/installs)"
"""


class Mirror:
    """A stand-in for apt-get on a host's PATH."""

    def __init__(self, folder: Path, host: Host) -> None:
        folder.mkdir()
        self.folder, self.policy = folder, folder / "policy-rc.d"
        self._tool("apt-get", _APT_GET.format(folder=folder, policy=self.policy))
        # The machine's own dpkg is not to be told to configure anything.
        self._tool("dpkg", f'#!/bin/sh\necho dpkg "$@" >> {folder}/said\n')
        host.path = f"{folder}:{host.path}"

    def _tool(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)
        (self.folder / name).chmod(0o755)

    def works(self, seconds: float = 0) -> None:
        (self.folder / "installs").write_text(f"{seconds}\n")

    @property
    def said(self) -> list[str]:
        return (self.folder / "said").read_text().splitlines()

    @property
    def started(self) -> str:
        return (self.folder / "started").read_text().strip()

    def packages(self, *names: str) -> Packages:
        return Packages(names=names, policy=str(self.policy))

    def ask_policy(self) -> int:
        return subprocess.run([str(self.policy), "sshd", "start"], check=False).returncode


@pytest.fixture
def mirror(host: Host, tmp_path: Path) -> Mirror:
    return Mirror(tmp_path / "bin", host)


def apply(host: Host, packages: Packages) -> None:
    change = host.change(packages)
    assert change is not None
    host.must(change.apply, host.begin())


def test_what_is_installed_needs_nothing(host: Host, mirror: Mirror) -> None:
    assert host.change(mirror.packages("coreutils", "dash")) is None


def test_only_what_is_missing_is_installed(host: Host, mirror: Mirror) -> None:
    mirror.works()
    change = host.change(mirror.packages("coreutils", "no-such-package", "libnone2.0+x"))
    assert change is not None
    assert change.summary == "install no-such-package, libnone2.0+x"
    host.must(change.apply, host.begin())
    assert len(mirror.said) == 1
    assert "--no-install-recommends" in mirror.said[0]
    assert mirror.said[0].endswith("install -- no-such-package libnone2.0+x")


def test_services_are_held_back_only_meanwhile(host: Host, mirror: Mirror) -> None:
    mirror.works()
    apply(host, mirror.packages("no-such-package"))
    assert mirror.started == "held 101"
    assert not mirror.policy.exists()


def test_a_policy_that_was_there_is_put_back(host: Host, mirror: Mirror) -> None:
    mirror.works()
    mirror.policy.write_text("#!/bin/sh\nexit 104\n")
    mirror.policy.chmod(0o750)
    apply(host, mirror.packages("no-such-package"))
    assert mirror.started == "held 101"
    assert mirror.policy.read_text() == "#!/bin/sh\nexit 104\n"
    assert mirror.policy.stat().st_mode & 0o7777 == 0o750


@pytest.mark.parametrize("there", [None, "#!/bin/sh\nexit 104\n"])
def test_killed_meanwhile_the_policy_gives_way_and_the_next_run_removes_it(
    host: Host, mirror: Mirror, there: str | None
) -> None:
    if there:
        mirror.policy.write_text(there)
        mirror.policy.chmod(0o755)
    mirror.works(seconds=60)
    packages = mirror.packages("no-such-package")
    change = host.change(packages)
    assert change is not None
    script = host.script(change.apply, host.begin())
    with subprocess.Popen(
        ["sh", "-s"], stdin=subprocess.PIPE, start_new_session=True, stdout=subprocess.DEVNULL
    ) as shell:
        assert shell.stdin is not None
        shell.stdin.write(script.encode())
        shell.stdin.close()
        while not (mirror.folder / "started").exists():
            time.sleep(0.02)
        assert mirror.ask_policy() == 101
        os.killpg(shell.pid, signal.SIGKILL)
    assert mirror.ask_policy() == (104 if there else 0)
    # Nor is it fooled by another process that got the same number.
    reused = mirror.policy.read_text().replace(f"/proc/{shell.pid}/", f"/proc/{os.getpid()}/")
    assert f"/proc/{os.getpid()}/" in reused
    assert subprocess.run(["sh", "-c", reused, "-"], check=False).returncode != 101

    # A run that has nothing to install takes it away all the same.
    installed = mirror.packages("coreutils")
    assert host.deploy(installed) == ["let services start again after a cut run"]
    assert host.change(installed) is None
    assert (mirror.policy.read_text() if mirror.policy.exists() else None) == there

    # And one that installs what was left sets nothing of ours aside as if it had been there.
    mirror.works()
    apply(host, packages)
    assert (mirror.policy.read_text() if mirror.policy.exists() else None) == there


def test_lists_are_fetched_and_dpkg_is_mended_when_the_first_try_fails(
    host: Host, mirror: Mirror
) -> None:
    change = host.change(mirror.packages("no-such-package"))
    assert change is not None
    failed = host.run(change.apply, host.begin())
    assert failed.status != 0
    assert "E: Unable to locate package" in failed.stderr
    assert "does the host reach its mirror?" in failed.stderr
    assert [line.split()[-1] for line in mirror.said] == ["no-such-package", "-a", "update"]
    assert not mirror.policy.exists()


def test_nothing_is_taken_away(host: Host, mirror: Mirror) -> None:
    mirror.works()
    packages = mirror.packages("no-such-package")
    apply(host, packages)
    before = mirror.said
    host.must(packages.remove())
    assert mirror.said == before


def test_a_host_without_dpkg_says_so(host: Host, tmp_path: Path) -> None:
    host.path = str(tmp_path)
    with pytest.raises(UnobservableError, match="is this a Debian host"):
        host.change(Packages(names=("curl",)))


@pytest.mark.parametrize("names", [(), ("Curl",), ("a b",), ("-y",)])
def test_wrong_names_are_refused(names: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="package"):
        Packages(names=names)
