"""Missing requirements of a host are reported at once, with the way to get them."""

import os
import platform
from pathlib import Path

import pytest
from click.testing import CliRunner

from provisioning.cli.commands.lab import lab
from provisioning.lab import requirements
from provisioning.lab.errors import LabError


@pytest.fixture
def as_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)


@pytest.mark.parametrize("command", [["up"], ["down"], ["status"], ["heal"], ["url"]])
def test_other_users_are_told_to_use_sudo(
    monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    done = CliRunner().invoke(lab, command)
    assert done.exit_code == 1
    assert done.output.startswith("Error: The lab makes network namespaces")
    assert "run this with sudo" in done.output


def test_other_systems_are_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    done = CliRunner().invoke(lab, ["up"])
    assert done.exit_code == 1 and "which Darwin does not have" in done.output


@pytest.mark.usefixtures("as_root")
def test_all_missing_packages_are_named_with_the_command_that_installs_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for program in ("ip", "ssh"):
        tmp_path.joinpath(program).touch(mode=0o755)
    monkeypatch.setattr(requirements, "SEARCH_PATH", str(tmp_path))
    with pytest.raises(LabError) as caught:
        requirements.check()
    command = str(caught.value).splitlines()[1]
    assert command.startswith("Install them: sudo apt-get install --no-install-recommends ")
    packages = command.split()[6:]
    assert {"user-mode-linux", "openssh-server", "nftables", "keepalived"} <= set(packages)
    assert not {"iproute2", "openssh-client"} & set(packages)


@pytest.mark.usefixtures("as_root")
def test_absent_tun_device_is_explained(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(requirements, "TUN", tmp_path / "tun")
    monkeypatch.setattr(requirements, "FOR_THE_LAB", ())
    monkeypatch.setattr(requirements, "FOR_THE_MACHINES", ())
    with pytest.raises(LabError, match=r"cannot be opened \(No such file.*modprobe tun"):
        requirements.check()


def test_wanting_more_memory_than_there_is_gives_a_note() -> None:
    assert requirements.memory_note(1) is None
    assert "smaller ones" in (requirements.memory_note(10**9) or "")


@pytest.mark.usefixtures("as_root")
@pytest.mark.parametrize(
    ("command", "status", "message"),
    [
        (["up", "--name", "实验"], 2, "'实验' cannot name a lab"),
        (["up", "--directors", "0"], 2, "A lab needs a way in: directors, or edges alone"),
        (["up", "--directors", "x"], 2, "'x' is not a valid integer"),
        (["up", "--lan", "10.77.0.1/24"], 2, "is no network such as 10.77.0.0/24"),
        (["up", "--web-port", "0"], 2, "not in the range 1<=x<=65535"),
        (["exec", "rs1"], 2, "Missing argument 'COMMAND"),
    ],
)
def test_wrong_command_lines_get_one_clear_error(
    command: list[str], status: int, message: str
) -> None:
    done = CliRunner().invoke(lab, command)
    assert done.exit_code == status, done.output
    assert message in done.output and "Traceback" not in done.output
