"""``cluster render``: every file as it would land on a host."""

import json
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner

from provisioning.cli.commands.render import render

_INVENTORY = """\
vip: 192.168.1.100
vrrp: {version: 2, auth_pass: {env: TEST_AUTH_PASS}}
directors: {hosts: {lvs1: 192.168.1.11, lvs2: 192.168.1.12}}
real_servers: {hosts: {rs1: 192.168.1.101, rs2: 192.168.1.102}}
"""


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TEST_AUTH_PASS", "geheim42")
    path = tmp_path / "集群.yaml"
    path.write_text(_INVENTORY, encoding="utf-8")
    return path


def test_files_are_printed_under_a_heading_with_host_path_and_mode(path: Path) -> None:
    result = CliRunner().invoke(render, ["-i", str(path), "--host", "rs1"])
    assert result.exit_code == 0
    headings = [line for line in result.stdout.splitlines() if line.startswith("### ")]
    assert "### rs1:/etc/sysctl.d/60-cosyvoice-real-server.conf (mode 0644)" in headings
    assert all(heading.startswith("### rs1:") for heading in headings)
    assert "net/ipv4/conf/all/arp_ignore = 1" in result.stdout


def test_out_writes_a_tree_a_host_and_keeps_secrets_from_others(path: Path, tmp_path: Path) -> None:
    out = tmp_path / "输出"
    result = CliRunner().invoke(render, ["-i", str(path), "--out", str(out)])
    assert result.exit_code == 0
    assert {folder.name for folder in out.iterdir()} == {"lvs1", "lvs2", "rs1", "rs2"}
    configuration = out / "lvs1" / "etc" / "keepalived" / "keepalived.conf"
    assert "auth_pass geheim42" in configuration.read_text()
    assert stat.S_IMODE(configuration.stat().st_mode) == 0o600


def test_json_has_everything_about_each_file(path: Path) -> None:
    result = CliRunner().invoke(render, ["-i", str(path), "--host", "directors", "--json"])
    record = json.loads(result.stdout)
    assert record.keys() == {"lvs1", "lvs2"}
    found = {file["path"]: file for file in record["lvs2"]}
    configuration = found["/etc/keepalived/keepalived.conf"]
    assert configuration["owner"] == configuration["group"] == "root"
    assert "virtual_server 192.168.1.100 7860" in configuration["content"]


def test_a_host_that_is_not_in_the_inventory_is_a_usage_error(path: Path) -> None:
    result = CliRunner().invoke(render, ["-i", str(path), "--host", "rs9"])
    assert result.exit_code == 2
    assert "rs9" in result.stderr and "rs1" in result.stderr


def test_a_folder_that_cannot_be_written_is_one_clear_error(path: Path) -> None:
    result = CliRunner().invoke(render, ["-i", str(path), "--out", "/proc/nowhere"])
    assert result.exit_code == 2
    assert "/proc/nowhere" in result.stderr and "cannot be written" in result.stderr
