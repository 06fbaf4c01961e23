"""``cluster render``: every file as it would land on a host."""

import json
import stat
import subprocess
from pathlib import Path

import pytest
import yaml
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


def test_a_prometheus_that_is_there_already_gets_files_that_it_takes(
    path: Path, tmp_path: Path
) -> None:
    path.write_text(f"{_INVENTORY}monitoring: {{}}\n", encoding="utf-8")
    out = tmp_path / "out"
    result = CliRunner().invoke(render, ["-i", str(path), "--prometheus", "--out", str(out)])
    assert (result.exit_code, result.stdout) == (0, f"Written below {out}.\n")
    for words in (["promtool", "check", "config"], ["promtool", "check", "rules"]):
        files = [out / "prometheus.yml"] if words[2] == "config" else (out / "rules").iterdir()
        done = subprocess.run([*words, *map(str, files)], capture_output=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    hosts = json.loads((out / "targets" / "host.json").read_text(encoding="utf-8"))
    assert {one["labels"]["node"] for one in hosts} == {"lvs1", "lvs2", "rs1", "rs2"}
    # Of monitoring hosts there are none, and nothing that only they have.
    assert not (out / "targets" / "alertmanager.json").exists()
    assert "MeshBroken" not in (out / "rules" / "watching.yml").read_text(encoding="utf-8")


def test_json_of_the_same_has_the_paths(path: Path) -> None:
    path.write_text(f"{_INVENTORY}monitoring: {{}}\n", encoding="utf-8")
    result = CliRunner().invoke(render, ["-i", str(path), "--prometheus", "--json"])
    files = json.loads(result.stdout)
    assert {"prometheus.yml", "rules/hosts.yml", "targets/node.json"} <= files.keys()
    assert json.loads(files["grafana/boards/directors.json"])["uid"] == "cosyvoice-directors"
    (provider,) = yaml.safe_load(files["grafana/provisioning/dashboards/cosyvoice.yml"])[
        "providers"
    ]
    assert provider["type"] == "file"
    # Without a monitoring host there is no Prometheus of ours that Grafana could ask.
    assert "grafana/provisioning/datasources/cosyvoice.yml" not in files
    path.write_text(
        f"{_INVENTORY}monitoring: {{hosts: {{mon1: 192.168.1.61}}}}\n", encoding="utf-8"
    )
    result = CliRunner().invoke(render, ["-i", str(path), "--prometheus", "--json"])
    sources = json.loads(result.stdout)["grafana/provisioning/datasources/cosyvoice.yml"]
    (source,) = yaml.safe_load(sources)["datasources"]
    assert (source["type"], source["url"]) == ("prometheus", "http://192.168.1.61:9090")


@pytest.mark.parametrize(
    ("more", "said"), [("", "write monitoring: {}"), ("monitoring: {}\n", "leave out --host")]
)
def test_without_exporters_or_for_one_host_there_are_none(more: str, said: str, path: Path) -> None:
    path.write_text(f"{_INVENTORY}{more}", encoding="utf-8")
    result = CliRunner().invoke(render, ["-i", str(path), "--prometheus", "--host", "rs1"])
    assert result.exit_code == 2
    assert said in result.stderr
