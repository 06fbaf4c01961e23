"""Treatment of the inventory by every command."""

from pathlib import Path

import click
import pytest

from provisioning.cli.options import load_or_exit
from provisioning.cli.seconds import Seconds
from provisioning.cli.wrong_inventory import WrongInventoryError

_GOOD = """\
vip: 192.168.1.100
directors: {hosts: {lvs1: 192.168.1.11, lvs2: 192.168.1.12}}
real_servers: {hosts: {rs1: 192.168.1.101, rs2: 192.168.1.102}}
"""


def test_a_right_inventory_is_loaded_without_a_word(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "inventory.yaml"
    path.write_text(_GOOD, encoding="utf-8")
    assert load_or_exit(path).interface == "eth0"
    assert capsys.readouterr() == ("", "")


def test_warnings_are_one_line_beside_the_output(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "inventory.yaml"
    path.write_text(_GOOD + "vrrp: {preempt_delay: 5}\n", encoding="utf-8")
    load_or_exit(path)
    assert capsys.readouterr() == ("", f"{path}: 1 warning; `cluster validate` shows them\n")


@pytest.mark.parametrize("status", [2, 1])
def test_a_wrong_one_ends_the_command_with_its_problems(
    status: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "inventory.yaml"
    path.write_text(_GOOD.replace("192.168.1.100", "x"), encoding="utf-8")
    with pytest.raises(WrongInventoryError) as raised:
        load_or_exit(path, status)
    assert raised.value.status == status
    raised.value.show()
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"{path}:1:6: error: vip: not an IP address")


@pytest.mark.parametrize("text", ["nan", "inf", "soon", ""])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is not a number of seconds, such as 90"):
        Seconds().convert(text, None, None)
    with pytest.raises(click.BadParameter, match="range"):
        Seconds().convert("-1", None, None)
    assert Seconds().convert("2.5", None, None) == 2.5
