"""``cluster validate``: what a person and a script see."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from provisioning.cli.validate import validate

_GOOD = """\
vip: 192.168.1.100
directors: {hosts: {lvs1: 192.168.1.11, lvs2: 192.168.1.12}}
real_servers: {hosts: {rs1: 192.168.1.101, rs2: 192.168.1.102}}
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "集群.yaml"
    path.write_text(_GOOD, encoding="utf-8")
    return path


def test_a_right_inventory_is_status_0_and_summed_up(path: Path) -> None:
    result = CliRunner().invoke(validate, ["-i", str(path)])
    assert result.exit_code == 0
    assert result.stdout == f"{path}: ok: 192.168.1.100: 2 directors, 2 real servers\n"


def test_every_mistake_is_shown_with_place_found_allowed_and_fix(path: Path) -> None:
    path.write_text(_GOOD + "vrrp:\n  auth_key: x\n  version: 4\n", encoding="utf-8")
    result = CliRunner().invoke(validate, ["-i", str(path)])
    assert result.exit_code == 2
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert lines[0] == f"{path}:5:3: error: vrrp.auth_key: unknown key"
    assert lines[1] == "    found:   auth_key"
    assert lines[2].startswith("    allowed: version, advert_interval")
    assert lines[3].startswith("    fix:     write auth_pass")
    assert lines[4:] == [
        f"{path}:6:12: error: vrrp.version: not one of the words known here",
        "    found:   4",
        "    allowed: 2 or 3",
        "2 errors.",
    ]


def test_a_flood_of_mistakes_is_cut(path: Path) -> None:
    path.write_text(_GOOD + "".join(f"key{n}: 1\n" for n in range(1000)), encoding="utf-8")
    lines = CliRunner().invoke(validate, ["-i", str(path)]).stderr.splitlines()
    assert lines[-2:] == ["… and 800 more; --json has all of them", "1000 errors."]


def test_warnings_are_shown_and_do_not_fail(path: Path) -> None:
    path.write_text(_GOOD + "vrrp: {preempt_delay: 5}\n", encoding="utf-8")
    result = CliRunner().invoke(validate, ["-i", str(path)])
    assert result.exit_code == 0
    assert f"{path}:4:23: warning: vrrp.preempt_delay: has no effect" in result.stdout
    assert result.stdout.splitlines()[-1].startswith(f"{path}: ok")


def test_colours_are_for_terminals(path: Path) -> None:
    path.write_text("vip: x\n", encoding="utf-8")
    assert "\x1b[" not in CliRunner().invoke(validate, ["-i", str(path)]).stderr
    assert "\x1b[31m" in CliRunner().invoke(validate, ["-i", str(path)], color=True).stderr


def test_json_is_for_scripts(path: Path) -> None:
    path.write_text(_GOOD + "名字: 你好\n", encoding="utf-8")
    result = CliRunner().invoke(validate, ["-i", str(path), "--json"])
    assert result.exit_code == 2
    report = json.loads(result.stdout)
    assert (report["ok"], report["file"]) == (False, str(path))
    (problem,) = report["diagnostics"]
    assert problem["file"] == str(path)
    assert (problem["line"], problem["column"], problem["key"]) == (4, 1, "名字")
    assert (problem["severity"], problem["message"]) == ("error", "unknown key")
    assert "名字" in result.stdout


def test_json_of_a_right_inventory(path: Path) -> None:
    result = CliRunner().invoke(validate, ["-i", str(path), "--json"])
    assert result.exit_code == 0
    assert json.loads(result.stdout) == {"file": str(path), "ok": True, "diagnostics": []}


def test_the_inventory_may_come_from_the_environment(path: Path) -> None:
    result = CliRunner().invoke(validate, [], env={"CLUSTER_INVENTORY": str(path)})
    assert result.exit_code == 0
    assert result.stdout.startswith(str(path))


def test_without_an_inventory_the_way_to_one_is_shown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(validate, [])
    assert result.exit_code == 2
    assert result.stderr.startswith("inventory.yaml: error: there is no such file")
    assert "cluster init" in result.stderr
