"""A tmpfs stands for NFS, which this machine's kernel may not have; fstab is the test's own."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

from provisioning.resources.base import Observation, UnobservableError
from provisioning.resources.fstab import entries
from provisioning.resources.mount import Mount
from tests.resources.host import Host
from tests.resources.invariants import assert_survives_cuts, remembered

OTHERS = "# <file system> <mount point>\n/dev/vda1\t/  ext4 defaults 0 1\n"


@pytest.fixture
def fstab(tmp_path: Path) -> Path:
    path = tmp_path / "fstab"
    path.write_text(OTHERS)
    path.chmod(0o640)
    return path


def outputs(tmp_path: Path, fstab: Path, size: str = "1m") -> Mount:
    return Mount(
        source="outputs",
        target=f"{tmp_path}/共享 outputs",
        fstype="tmpfs",
        options=("rw", "nosuid", f"size={size}"),
        fstab=str(fstab),
    )


def mounted(host: Host, mount: Mount) -> list[tuple[str, str]]:
    """Source and options of what is mounted there, the lowest first."""
    listed = entries(host.must("cat /proc/self/mounts"))
    return [(e.source, ",".join(e.options)) for e in listed if e.target == mount.target]


@contextmanager
def used(host: Host, mount: Mount) -> Iterator[None]:
    """A process has its place there."""
    assert host.namespaces
    work = ["sh", "-c", 'cd "$1" && echo && exec sleep 600', "-", mount.target]
    with subprocess.Popen([*host.namespaces.enter(), *work], stdout=subprocess.PIPE) as user:
        assert user.stdout and user.stdout.readline() == b"\n"
        try:
            yield
        finally:
            user.kill()


def test_there_and_back(isolated_host: Host, tmp_path: Path, fstab: Path) -> None:
    host, mount = isolated_host, outputs(tmp_path, fstab)
    host.must(mount.remove())
    for way in ("undo", "remove"):
        run = host.begin()
        change = host.change(mount)
        assert change is not None
        assert change.summary == "fstab: add its line; mount outputs"
        assert not change.disturbs
        host.must(change.apply, run)
        assert host.change(mount) is None
        assert [source for source, _ in mounted(host, mount)] == ["outputs"]
        line = f"outputs {tmp_path}/共享\\040outputs tmpfs rw,nosuid,size=1m 0 0\n"
        assert fstab.read_text() == OTHERS + line
        assert fstab.stat().st_mode & 0o7777 == 0o640
        host.must(change.undo if way == "undo" else mount.remove(), run)
        assert fstab.read_text() == OTHERS
        assert mounted(host, mount) == []
        assert not Path(mount.target).exists()
        assert remembered(host) == []


def test_other_options_are_mounted_anew_in_the_same_place_of_fstab(
    isolated_host: Host, tmp_path: Path, fstab: Path
) -> None:
    host, small, big = isolated_host, outputs(tmp_path, fstab), outputs(tmp_path, fstab, "2m")
    host.deploy(small)
    with fstab.open("a") as file:
        file.write("/dev/vdb1 /mnt ext4 ro 0 2")  # without its newline
    run = host.begin()
    change = host.change(big)
    assert change is not None
    assert change.summary == "fstab: change its line; mount outputs again (was outputs)"
    assert change.disturbs
    assert "size=1m" in change.before
    assert "size=2m" in change.after
    host.must(change.apply, run)
    assert host.change(big) is None
    assert fstab.read_text().splitlines()[2:] == [
        f"outputs {tmp_path}/共享\\040outputs tmpfs rw,nosuid,size=2m 0 0",
        "/dev/vdb1 /mnt ext4 ro 0 2",
    ]
    assert [options for _, options in mounted(host, big)] == ["rw,nosuid,relatime,size=2048k"]
    host.must(change.undo, run)
    assert host.change(small) is None
    assert Path(small.target).is_dir()
    host.must(big.remove())
    assert fstab.read_text() == OTHERS + "/dev/vdb1 /mnt ext4 ro 0 2\n"
    assert not Path(small.target).exists()


def test_what_was_mounted_before_comes_back(
    isolated_host: Host, tmp_path: Path, fstab: Path
) -> None:
    host, mount = isolated_host, outputs(tmp_path, fstab)
    target = f"{tmp_path}/共享\\040outputs"
    fstab.write_text(f"old {target} tmpfs\tsize=64k\n{OTHERS}")
    Path(mount.target).mkdir()
    host.must(f"mount -T {fstab} '{mount.target}'")
    assert host.deploy(mount) == ["fstab: change its line; mount outputs again (was old)"]
    host.must(mount.remove())
    assert fstab.read_text() == f"old {target} tmpfs\tsize=64k\n{OTHERS}"
    assert [source for source, _ in mounted(host, mount)] == ["old"]


def test_one_that_was_made_read_only_is_remounted_while_it_is_used(
    isolated_host: Host, tmp_path: Path, fstab: Path
) -> None:
    host, mount = isolated_host, outputs(tmp_path, fstab)
    host.deploy(mount)
    host.must(f"echo kept > '{mount.target}/file'")
    host.must(f"mount -o remount,ro,suid '{mount.target}'")
    change = host.change(mount)
    assert change is not None
    assert change.summary == "remount: ro -> rw, add nosuid"
    with used(host, mount):
        host.must(f"{change.apply}\ntouch '{mount.target}/written'", host.begin())
    assert host.change(mount) is None
    assert [options for _, options in mounted(host, mount)] == ["rw,nosuid,relatime,size=1024k"]
    assert host.must(f"cat '{mount.target}/file'") == "kept\n"


def test_one_that_cannot_be_remounted_is_mounted_anew(
    isolated_host: Host, tmp_path: Path, fstab: Path
) -> None:
    host, mount = isolated_host, outputs(tmp_path, fstab)
    host.deploy(mount)
    host.must(f"mount -o remount,ro '{mount.target}'")
    change = host.change(mount)
    assert change is not None
    refusing = 'mount() { case $* in *remount*) return 32 ;; *) command mount "$@" ;; esac; }\n'
    refusing += 'timeout() { shift; "$@"; }\n'
    host.must(refusing + change.apply, host.begin())
    assert host.change(mount) is None


def test_only_mounted_or_only_in_fstab_is_completed(
    isolated_host: Host, tmp_path: Path, fstab: Path
) -> None:
    host, mount = isolated_host, outputs(tmp_path, fstab)
    host.deploy(mount)
    host.must(f"umount '{mount.target}'")
    assert host.deploy(mount) == ["mount outputs"]
    fstab.write_text(OTHERS)
    assert host.deploy(mount) == ["fstab: add its line; mount outputs again (was outputs)"]


def test_one_in_use_is_never_torn_away(isolated_host: Host, tmp_path: Path, fstab: Path) -> None:
    host, mount = isolated_host, outputs(tmp_path, fstab)
    host.deploy(mount)
    before, text = mounted(host, mount), fstab.read_text()
    change = host.change(outputs(tmp_path, fstab, "2m"))
    assert change is not None
    run = host.begin()
    with used(host, mount):
        failed = host.run(change.apply, run)
    assert failed.status != 0
    assert f"{mount.target} is in use; stop what uses it" in failed.stderr
    assert (mounted(host, mount), fstab.read_text()) == (before, text)
    host.must(change.undo, run)
    assert (mounted(host, mount), fstab.read_text()) == (before, text)


def test_one_that_cannot_be_mounted_leaves_nothing(
    isolated_host: Host, tmp_path: Path, fstab: Path
) -> None:
    mount = Mount(source="x", target=f"{tmp_path}/d", fstype="no-such-fs", fstab=str(fstab))
    change = isolated_host.change(mount)
    assert change is not None
    run = isolated_host.begin()
    failed = isolated_host.run(change.apply, run)
    assert failed.status != 0
    assert "no-such-fs" in failed.stderr
    assert f"{tmp_path}/d: could not be mounted" in failed.stderr
    isolated_host.must(change.undo, run)
    assert fstab.read_text() == OTHERS
    assert not (tmp_path / "d").exists()
    assert remembered(isolated_host) == []


def test_a_full_disk_leaves_fstab_alone(isolated_host: Host, tmp_path: Path) -> None:
    host, disk = isolated_host, tmp_path / "disk"
    disk.mkdir()
    host.must(
        f"mount -t tmpfs -o size=32k none {disk}\n"
        f"{{ echo '# first'; head -c 20000 /dev/zero | tr '\\0' '#'; echo; }} > {disk}/fstab"
    )
    before = host.must(f"cat {disk}/fstab")
    change = host.change(outputs(tmp_path, disk / "fstab"))
    assert change is not None
    run = host.begin()
    assert host.run(change.apply, run).status != 0
    assert host.must(f"cat {disk}/fstab; ls -A {disk}") == f"{before}fstab\n"
    host.must(change.undo, run)
    assert host.must(f"cat {disk}/fstab; ls -A {disk}") == f"{before}fstab\n"


def test_cut_at_any_command_the_next_run_finishes(
    isolated_host: Host, tmp_path: Path, fstab: Path
) -> None:
    numbers = count()
    mount = outputs(tmp_path, fstab)
    line = f"outputs {tmp_path}/共享\\040outputs tmpfs rw,nosuid,size=1m 0 0\n"

    def new_host() -> Host:
        return Host(tmp_path / f"state-{next(numbers)}", isolated_host.namespaces)

    def whole() -> None:
        assert fstab.read_text() in (OTHERS, OTHERS + line)

    def look(host: Host) -> object:
        return fstab.read_text(), mounted(host, mount), Path(mount.target).exists()

    assert assert_survives_cuts(new_host, mount, whole, look=look) >= 5


def test_two_lines_for_one_place_are_for_a_person_to_sort_out() -> None:
    mount = Mount(source="a", target="/m", fstype="nfs4")
    with pytest.raises(UnobservableError, match="/etc/fstab has 2 lines for /m; leave one"):
        mount.compare(Observation("a /m nfs4 ro\nb /m nfs4 rw\n\nmounts:\n", "", 0))


@pytest.mark.parametrize(
    ("line", "listed", "right"),
    [
        ("10.0.0.1:/srv /m nfs4 rw,hard 0 0", "10.0.0.1:/srv /m nfs4 rw,vers=4.2 0 0", True),
        ("10.0.0.1:/srv /m nfs4 hard,rw", "10.0.0.1:/srv /m nfs4 rw 0 0", True),
        ("10.0.0.1:/srv /m nfs4 rw,hard 0 0", "10.0.0.1:/srv/ /m nfs rw 0 0", True),
        ("10.0.0.1:/srv /m nfs4 rw,hard 0 0", "10.0.0.2:/srv /m nfs4 rw 0 0", False),
        ("10.0.0.1:/srv /m nfs4 rw,hard 0 0", "10.0.0.1:/srv /m ext4 rw 0 0", False),
        ("10.0.0.1:/srv /m nfs4 rw,soft 0 0", "10.0.0.1:/srv /m nfs4 rw 0 0", False),
        ("#10.0.0.1:/srv /m nfs4 rw,hard 0 0", "10.0.0.1:/srv /m nfs4 rw 0 0", False),
        ("10.0.0.1:/srv /m nfs4 rw,hard 0 0", "", False),
        ("10.0.0.1:/srv /m nfs4 rw,hard 0 0", "10.0.0.1:/srv /m nfs4 ro,hard 0 0", False),
        ("10.0.0.1:/srv /m nfs4 rw,hard 0 0", "10.0.0.1:/srv /m nfs4 rw,soft 0 0", False),
    ],
)
def test_what_counts_as_mounted_right(line: str, listed: str, right: bool) -> None:
    mount = Mount(source="10.0.0.1:/srv", target="/m", fstype="nfs4", options=("rw", "hard"))
    observation = Observation(f"{line}\n\nmounts:\nproc /proc proc rw 0 0\n{listed}\n", "", 0)
    assert (mount.compare(observation) is None) == right


@pytest.mark.parametrize(
    "wrong", [{"target": "m"}, {"source": ""}, {"fstype": "a\nb"}, {"options": ("rw,ro",)}]
)
def test_wrong_parts_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError):
        Mount(**({"source": "a", "target": "/m", "fstype": "nfs4"} | wrong))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "asked"),
    [
        ("rw,bg", ["-o", "fg"]),
        ("bg,hard", ["-o", "fg"]),
        ("bg", ["-o", "fg"]),
        ("rw,nobg,bgx", []),
    ],
)
def test_a_deploy_sees_that_a_server_is_away(options: str, asked: list[str], fstab: Path) -> None:
    """In the background it would go on trying, and look as if all were well."""
    fstab.write_text(f"{OTHERS}nas:/ /srv/outputs nfs4 {options} 0 0\n")
    functions = Path("provisioning/resources/shell/mounts.sh").read_text()
    told = 'timeout() { shift; printf "%s\\n" "$@"; }'
    script = f"{functions}\n{told}\nmount_from {fstab} /srv/outputs"
    done = subprocess.run(["sh", "-c", script], check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["mount", "-T", str(fstab), *asked, "--", "/srv/outputs"]
