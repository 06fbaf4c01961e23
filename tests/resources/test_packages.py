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
case $* in *Status-Fd=3*) cat {folder}/status >&3 2> /dev/null ;; esac
case $* in *update) cat {folder}/updates 2> /dev/null; exit 0 ;; esac
[ -e {folder}/installs ] || {{ cat {folder}/fails; exit 100; }} >&2
if {policy} sshd start; then echo started; else echo "held $?"; fi > {folder}/started
sleep "$(cat {folder}/installs)"
"""


class Mirror:
    """A stand-in for apt-get on a host's PATH."""

    def __init__(self, folder: Path, host: Host) -> None:
        folder.mkdir()
        self.folder, self.policy = folder, folder / "policy-rc.d"
        self._tool("apt-get", _APT_GET.format(folder=folder, policy=self.policy))
        self.fails("E: Unable to locate package no-such-package")
        # The machine's own dpkg is not to be told to configure anything.
        self._tool("dpkg", f'#!/bin/sh\necho dpkg "$@" >> {folder}/said\n')
        host.path = f"{folder}:{host.path}"

    def _tool(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)
        (self.folder / name).chmod(0o755)

    def works(self, seconds: float = 0) -> None:
        (self.folder / "installs").write_text(f"{seconds}\n")

    def fails(self, says: str, update_says: str = "") -> None:
        (self.folder / "fails").write_text(f"{says}\n")
        (self.folder / "updates").write_text(f"{update_says}\n")

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


def test_it_tells_how_far_apt_is(host: Host, mirror: Mirror) -> None:
    mirror.works()
    (mirror.folder / "status").write_text(
        "dlstatus:1:0.0000:Retrieving file 1 of 4\n"
        "dlstatus:1:4.2:Retrieving file 1 of 4 (3s remaining)\n"
        "dlstatus:3:57.5:Retrieving file 3 of 4\n"
        "pmstatus:dpkg-exec:0.0000:Running dpkg\n"
        "pmstatus:curl:100.0000:Installed curl (amd64)\n"
    )
    change = host.change(mirror.packages("no-such-package"))
    assert change is not None
    done = host.run(f"MARKER=@m@\n{change.apply}", host.begin())
    assert done.status == 0, done.stderr
    told = ["0 % fetched", "57 % fetched", "0 % installed", "100 % installed"]
    assert done.stdout == "".join(f"packages: {one}\n@m@ tell 0\n" for one in told)


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
    assert failed.stderr.startswith("Unable to locate package no-such-package\nits mirror does not")
    assert [line.split()[-1] for line in mirror.said] == [
        "no-such-package",
        "-a",
        "update",
        "no-such-package",
    ]
    assert not mirror.policy.exists()


_LOCK = (
    "Waiting for cache lock: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process"
    " 6241 (unattended-upgr)...\n"
)


# What apt 2.6 and dpkg 1.21 say, as recorded.
@pytest.mark.parametrize(
    ("says", "update_says", "reason", "tries"),
    [
        (
            f"{_LOCK}{_LOCK}E: Unable to acquire the dpkg frontend lock"
            " (/var/lib/dpkg/lock-frontend), is another process using it?",
            "",
            "another program is installing packages (process 6241 (unattended-upgr)): let it",
            1,
        ),
        (
            "E: You don't have enough free space in /var/cache/apt/archives/.",
            "",
            "the disk is full (",
            1,
        ),
        (
            "E: Write error - write (28: No space left on device)\n"
            "E: The package lists or status file could not be parsed or opened.",
            "",
            "the disk is full (",
            1,
        ),
        (
            "E: Unable to locate package keepalived",
            "W: Failed to fetch http://mirror.example/debian/dists/bookworm/InRelease  Could not"
            " connect to mirror.example:80 (192.0.2.9). - connect (111: Connection refused)\n"
            "W: Some index files failed to download. They have been ignored, or old ones used.",
            "Failed to fetch http://mirror.example/debian/dists/bookworm/InRelease  Could not"
            " connect to mirror.example:80 (192.0.2.9). - connect (111: Connection refused)\n"
            "packages could not be fetched; does the host reach its mirror?\n",
            4,
        ),
        (
            "".join(
                f"E: Failed to fetch http://mirror.example/pool/{number}.deb  404  Not Found\n"
                for number in range(2000)
            ),
            "",
            "Failed to fetch http://mirror.example/pool/0.deb  404  Not Found\n"
            "packages could not be fetched; does the host reach its mirror?\n",
            4,
        ),
        (
            "E: Failed to fetch http://mirror.example/debian/pool/k.deb  404  Not Found\n"
            "E: Unable to fetch some archives, maybe run apt-get update",
            "E: Release file for http://mirror.example/dists/bookworm-updates/InRelease is not"
            " valid yet (invalid for another 59min 30s). Updates for this repository will not be"
            " applied.",
            "the clock is behind, so the mirror's lists are of the future: it shows 20",
            4,
        ),
        (
            "Reading package lists...\ndpkg: error processing package keepalived (--configure):\n"
            "E: Sub-process /usr/bin/dpkg returned an error code (1)",
            "",
            "dpkg: error processing package keepalived (--configure):\nE: Sub-process"
            " /usr/bin/dpkg returned an error code (1)\napt could not install them and says why",
            4,
        ),
    ],
)
def test_reason_is_the_one_thing_that_matters(
    host: Host, mirror: Mirror, says: str, update_says: str, reason: str, tries: int
) -> None:
    mirror.fails(says, update_says)
    change = host.change(mirror.packages("no-such-package"))
    assert change is not None
    failed = host.run(change.apply, host.begin())
    assert failed.status != 0 and failed.stderr.startswith(reason), failed.stderr
    assert len(mirror.said) == tries
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
