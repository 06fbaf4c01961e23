"""Packages that were brought: this machine's apt looks at them, and installs none."""

import gzip
import hashlib
import subprocess
from base64 import encodebytes
from pathlib import Path

import pytest

from provisioning.resources.package import Packages, names_in
from provisioning.resources.shell_call import quote_call
from tests.resources.host import Host

_CONTROL = """\
Package: brought-for-a-test
Version: 1:2.0~3
Architecture: all
Maintainer: Nobody <nobody@example.com>
Description: A test
"""
_FILE = "brought-for-a-test_2.0~3_all.deb"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def payload(data: bytes) -> str:
    return f"<<'BASE64'\n{encodebytes(data).decode()}BASE64"


class Brought:
    """A package and an index, and the folder on a host that they go to."""

    def __init__(self, host: Host, folder: Path) -> None:
        self.host, self.place = host, f"{host.state}/packages"
        root = folder / "root"
        (root / "DEBIAN").mkdir(parents=True)
        (root / "DEBIAN/control").write_text(_CONTROL)
        built = folder / _FILE
        subprocess.run(
            ["dpkg-deb", "--root-owner-group", "--build", str(root), str(built)],
            check=True,
            capture_output=True,
        )
        self.package = built.read_bytes()
        self.index = (
            f"{_CONTROL}Filename: ./{_FILE}\nSize: {len(self.package)}\n"
            f"SHA256: {sha256(self.package)}\n"
        ).encode()

    def call(self, function: str, *words: str) -> str:
        return quote_call(function, self.place, *words)

    def send_index(self, checksum: str | None = None) -> str:
        call = self.call("index_packages", checksum or sha256(self.index))
        return f"{call} {payload(gzip.compress(self.index))}"

    def piece(self, begin: int, end: int) -> str:
        data = self.package
        words = (_FILE, str(begin), str(len(data)), sha256(data))
        return f"{self.call('receive_package', *words)} {payload(data[begin:end])}"

    @property
    def there(self) -> list[str]:
        return self.host.run(self.call("brought_packages")).stdout.splitlines()


@pytest.fixture
def brought(host: Host, tmp_path: Path) -> Brought:
    made = Brought(host, tmp_path)
    done = host.run(made.send_index())
    assert done.status == 0, done
    return made


def test_a_host_says_what_it_lacks(brought: Brought) -> None:
    lacking = brought.call("lacking_packages", "brought-for-a-test", "dash")
    assert brought.host.run(lacking).stdout == "brought-for-a-test 1:2.0~3\n"
    assert brought.host.run(brought.call("lacking_packages", "dash")).stdout == ""


def test_what_nobody_brought_is_the_bundles_fault(brought: Brought) -> None:
    done = brought.host.run(brought.call("lacking_packages", "no-such-package"))
    assert done.status != 0
    assert "the bundle does not go with what is installed here" in done.stderr


def test_an_index_that_arrived_damaged(brought: Brought) -> None:
    done = brought.host.run(brought.send_index("0" * 64))
    assert done.status != 0 and "arrived damaged" in done.stderr


def test_a_package_has_its_name_once_it_is_whole(brought: Brought) -> None:
    size = len(brought.package)
    assert brought.host.run(brought.piece(0, 100)).status == 0
    assert brought.there == [f"100 .{_FILE}.part"]
    # Cut there; it goes on.
    assert brought.host.run(brought.piece(100, size)).status == 0
    assert brought.there == [f"{size} {_FILE}"]
    assert Path(brought.place, _FILE).read_bytes() == brought.package


def test_a_piece_that_does_not_follow(brought: Brought) -> None:
    brought.host.run(brought.piece(0, 100))
    done = brought.host.run(brought.piece(200, 300))
    assert done.status != 0 and "is not as far as it was" in done.stderr
    assert brought.there == [f"100 .{_FILE}.part"]


def test_a_package_that_arrived_damaged_has_no_name(brought: Brought) -> None:
    brought.package = brought.package[:-1] + bytes([brought.package[-1] ^ 1])
    wrong = brought.piece(0, len(brought.package)).replace(sha256(brought.package), "0" * 64)
    done = brought.host.run(wrong)
    assert done.status != 0 and "arrived with another checksum" in done.stderr
    assert brought.there == []


def test_apt_installs_from_there_alone_and_it_is_deleted(
    brought: Brought, host: Host, tmp_path: Path
) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    tool = tools / "apt-get"
    tool.write_text(f'#!/bin/sh\nenv > {tools}/said; cp "$APT_CONFIG" {tools}/conf\n')
    tool.chmod(0o755)
    host.path = f"{tools}:{host.path}"
    names, policy = ("brought-for-a-test",), str(tmp_path / "policy")
    packages = Packages(names=names, policy=policy, brought=brought.place)
    change = host.change(packages)
    assert change is not None
    host.must(change.apply, host.begin())
    assert f"APT_CONFIG={brought.place}/apt.conf" in (tools / "said").read_text()
    assert 'Dir::Etc::sourceparts "/dev/null";' in (tools / "conf").read_text()
    (drop,) = packages.triggers
    host.must(drop.command, host.begin())
    assert not Path(brought.place).exists()


def test_names_are_in_the_id() -> None:
    assert names_in(Packages(names=("a1", "b2")).id) == ["a1", "b2"]
    assert names_in("file:/etc/x") == []
    assert Packages(names=("a1",)).triggers == ()
