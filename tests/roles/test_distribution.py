"""The plan refuses a host that packages cannot be installed on, before anything is changed."""

import subprocess
from pathlib import Path

import pytest

from provisioning.model.loader.load import parse_inventory
from provisioning.model.runtime import Runtime
from provisioning.roles.desired import desired_hosts
from provisioning.roles.distribution import distribution_requirement
from tests.model.marked import SMALLEST

_UBUNTU = 'ID=ubuntu\nID_LIKE=debian\nPRETTY_NAME="Ubuntu {0} LTS"\nVERSION_ID="{0}"\n'
_DEBIAN = 'PRETTY_NAME="Debian GNU/Linux {0}"\nID=debian\nVERSION_ID="{0}"\n'


def test_every_host_has_it() -> None:
    text = "\n".join(SMALLEST.values()) + "\n"
    inventory = parse_inventory(text, Path("inventory.yaml")).inventory
    for host in desired_hosts(inventory, None, Runtime()).values():
        assert host.requirements[0] == distribution_requirement()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (_DEBIAN.format(12), ""),
        (_DEBIAN.format(13), ""),
        (_DEBIAN.format(11), "it is Debian GNU/Linux 11"),
        ('ID=debian\nPRETTY_NAME="Debian GNU/Linux trixie/sid"\n', ""),
        (_UBUNTU.format("24.04"), ""),
        (_UBUNTU.format("22.04"), ""),
        (_UBUNTU.format("20.04"), "it is Ubuntu 20.04 LTS"),
        ('ID=raspbian\nID_LIKE=debian\nVERSION_ID="12"\n', ""),
        ('ID=linuxmint\nID_LIKE="ubuntu debian"\nVERSION_ID="22"\n', ""),
        ('ID=fedora\nPRETTY_NAME="Fedora Linux 42"\nVERSION_ID=42\n', "it is Fedora Linux 42"),
        ('ID="rocky"\nID_LIKE="rhel centos fedora"\n', "it is rocky"),
        ("", "it is unknown"),
        (None, ""),
    ],
)
def test_debian_and_its_relatives_are_taken(tmp_path: Path, text: str | None, said: str) -> None:
    file = tmp_path / "os-release"
    if text is not None:
        file.write_text(text)
    probe = distribution_requirement().probe.replace("/etc/os-release", str(file))
    done = subprocess.run(["sh", "-euc", probe], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr, done.returncode) == (said, "", bool(said))
