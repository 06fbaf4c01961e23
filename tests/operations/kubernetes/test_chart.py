"""What `cluster render --kubernetes` writes, before Helm sees it."""

import json
import stat
from pathlib import Path

import jsonschema
import pytest
import yaml
from click.testing import CliRunner

from provisioning.cli.commands.render import render
from provisioning.model.loader.load import load_inventory, parse_inventory
from provisioning.operations.kubernetes.alerts import ELSEWHERE, RULES, alert_rules
from provisioning.operations.kubernetes.chart import kubernetes_files
from provisioning.operations.kubernetes.left_out import left_out
from provisioning.operations.kubernetes.values import values_of
from provisioning.roles.monitoring.own_prometheus import prometheus_files

from .site import HERE, SITES, files, inventory

_INVENTORY = """\
vip: 192.168.1.100
directors: {hosts: {lvs1: 192.168.1.11, lvs2: 192.168.1.12}}
real_servers: {hosts: {rs1: 192.168.1.101, rs2: {address: 192.168.1.102, workers: 3}}}
app: {secret: {env: TEST_SECRET}, environment: {HF_TOKEN: geheim-词元}}
"""


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TEST_SECRET", "geheim-geheim-geheim")
    path = tmp_path / "集群.yaml"
    path.write_text(_INVENTORY, encoding="utf-8")
    return path


def test_secrets_are_not_in_the_chart(path: Path, tmp_path: Path) -> None:
    out = tmp_path / "输出"
    result = CliRunner().invoke(render, ["-i", str(path), "--kubernetes", "--out", str(out)])
    assert (result.exit_code, result.stdout) == (0, f"Written below {out}.\n")
    assert result.stderr == "Left out: real_servers.hosts.rs2.workers: pods are all alike.\n"
    holding = [file for file in out.rglob("*") if file.is_file() and "geheim" in file.read_text()]
    assert holding == [out / "environment-secret.yaml"]
    assert stat.S_IMODE(holding[0].stat().st_mode) == 0o600
    manifest = yaml.safe_load(holding[0].read_text())
    assert manifest["stringData"] == {"HF_TOKEN": "geheim-词元"}
    values = yaml.safe_load((out / "chart/values.yaml").read_text())
    assert values["app"]["environment_secret"] == manifest["metadata"]["name"]
    assert (out / "chart/Chart.yaml").is_file() and (out / "image/Containerfile").is_file()


def test_json_is_contents_by_path(path: Path) -> None:
    result = CliRunner().invoke(render, ["-i", str(path), "--kubernetes", "--json"])
    record = json.loads(result.stdout)
    assert record["image/requirements.txt"] == "cosyvoice-cluster[app]\n"
    assert "kind: StatefulSet" in record["chart/templates/nodes.yaml"]


@pytest.mark.parametrize(
    ("arguments", "app", "said"),
    [
        (["--host", "rs1"], "", "leave out --host"),
        (["--prometheus"], "", "run it twice"),
        ([], "app: {source: ., python: /usr/bin/python3}\n", "app.source is another"),
    ],
)
def test_what_cannot_be_is_one_clear_error(
    path: Path, arguments: list[str], app: str, said: str
) -> None:
    if app:
        (path.parent / "app").mkdir()
        for name in ("__init__.py", "__main__.py"):
            (path.parent / "app" / name).touch()
        path.write_text(_INVENTORY.rpartition("app:")[0] + app, encoding="utf-8")
    result = CliRunner().invoke(render, ["-i", str(path), "--kubernetes", *arguments])
    assert result.exit_code == 2
    assert said in result.stderr


def test_a_node_a_card_is_a_pod_a_card() -> None:
    examples = HERE.parents[2] / "docs" / "examples"
    values = values_of(load_inventory(examples / "per-gpu.yaml"))
    assert (values["replicas"], values["gpus"]) == (6, 1)
    # A port each on hosts; here one Service.
    assert values["services"] == [{"name": "gpu0", "port": 12321}]


def test_the_image_has_what_engine_and_server_need() -> None:
    assert files("watched")["image/requirements.txt"] == "cosyvoice-cluster[app,gunicorn,kokoro]\n"
    wanted = "cosyvoice-cluster[app,cosyvoice-cuda12]\n"
    assert files("cards")["image/requirements.txt"] == wanted


def test_artifacts_are_where_the_environment_says() -> None:
    values = values_of(inventory("cards"))
    engine, artifacts = values["engine"], values["artifacts"]
    assert isinstance(engine, dict) and isinstance(artifacts, dict)
    places = [one for one in engine["variables"].values() if "/artifacts/" in one]
    wanted = {f"{artifacts['mount_point']}/{name}" for name in artifacts["names"]}
    assert places and {*places} <= wanted
    assert "COSYVOICE_GPUS" not in engine["variables"]


def test_alerts_are_those_of_hosts_but_for_those_that_have_nothing_to_look_at() -> None:
    watched = inventory("watched")
    assert watched.monitoring is not None
    on_hosts = {
        rule["alert"]: rule
        for path, text in prometheus_files(watched, watched.monitoring).items()
        if path in {f"rules/{name}.yml" for name in RULES}
        for group in yaml.safe_load(text)["groups"]
        for rule in group["rules"]
        if "alert" in rule
    }
    here = {
        rule["alert"]: rule
        for group in yaml.safe_load(alert_rules(watched))["groups"]
        for rule in group["rules"]
        if "alert" in rule
    }
    assert here == {name: rule for name, rule in on_hosts.items() if name not in ELSEWHERE}
    assert {*ELSEWHERE} <= {*on_hosts}
    absent = ("probe_", "keepalived_", "node_ipvs", "cluster_expected", "cluster_drained")
    assert not [name for name, rule in here.items() if any(x in rule["expr"] for x in absent)]


def test_what_is_left_out_is_named() -> None:
    alike = "pods are all alike"
    assert left_out(inventory("watched")) == [f"real_servers.hosts.rs3.workers: {alike}"]
    text = _INVENTORY.partition("app:")[0] + "tls: {authority: cluster}\n"
    (said,) = left_out(parse_inventory(text, Path("x.yaml")).inventory)[1:]
    assert said.startswith("tls: ")
    plain = parse_inventory(_INVENTORY.partition("app:")[0], Path("x.yaml")).inventory
    assert "environment-secret.yaml" not in {one.path[1:] for one in kubernetes_files(plain)}


def test_services_and_vips_that_a_service_cannot_have_are_named() -> None:
    text = """\
vips: [192.168.1.100, 192.168.1.200, "fd00::100"]
directors: {hosts: {lvs1: {address: 192.168.1.11, address6: "fd00::11"}}}
real_servers: {hosts: {rs1: {address: 192.168.1.101, address6: "fd00::21"}}}
services:
  - {name: web, port: 80, real_servers: [rs1]}
  - {name: base, port: 5432, app: false, check: {type: tcp}}
"""
    found = parse_inventory(text, Path("x.yaml")).inventory
    assert left_out(found) == [
        "services.web.real_servers: pods are all alike",
        "services.base: it is not the app's",
        "the VIP 192.168.1.200: a Service has one of each family",
    ]
    values = values_of(found)
    assert values["vips"] == ["192.168.1.100", "fd00::100"]
    app = values["app"]
    assert isinstance(app, dict) and app["listen"] == "::"
    assert values["services"] == [{"name": "web", "port": 80}]


def test_edges_alone_are_a_service_where_clients_asked_them() -> None:
    examples = HERE.parents[2] / "docs" / "examples"
    found = load_inventory(examples / "edges-alone.yaml")
    values = values_of(found)
    assert values["vips"] == ["192.168.1.100"]
    assert values["services"] == [{"name": "edges", "port": 9080}]
    app = values["app"]
    assert isinstance(app, dict) and app["port"] == 12321
    assert left_out(found) == ["edges: nodes themselves refuse what they cannot take"]


def test_a_range_of_hosts_is_as_many_pods() -> None:
    hosts = "real_servers: {hosts: {'rs[001-300]': '10.1.[1-2].[1-150]'}}"
    directors = "vip: 10.1.0.100/16\ndirectors: {hosts: {lvs1: 10.1.0.11}}"
    found = parse_inventory(f"{directors}\n{hosts}\n", Path("x.yaml")).inventory
    values = values_of(found)
    assert values["replicas"] == 300
    assert isinstance(scaling := values["scaling"], dict)
    assert (scaling["min_replicas"], scaling["max_replicas"]) == (300, 600)


def test_files_of_another_time_are_named_and_stay(path: Path, tmp_path: Path) -> None:
    out = tmp_path / "k8s"
    words = ["-i", str(path), "--kubernetes", "--out", str(out)]
    assert "was not written now" not in CliRunner().invoke(render, words).stderr
    old = out / "chart" / "templates" / "旧.yaml"
    old.write_text("kind: Pod\n")
    # The operator's own, which the image is built from.
    (out / "image" / "cosyvoice_cluster-0.1.0-py3-none-any.whl").touch()
    path.write_text(_INVENTORY.partition(", environment")[0] + "}\n", encoding="utf-8")
    result = CliRunner().invoke(render, words)
    assert result.exit_code == 0
    told = [line.split()[0] for line in result.stderr.splitlines() if "was not written now" in line]
    assert told == [str(old), str(out / "environment-secret.yaml")]
    assert old.exists()


def test_a_folder_that_cannot_be_written_is_one_clear_error(path: Path, tmp_path: Path) -> None:
    (tmp_path / "k8s").mkdir()
    (tmp_path / "k8s" / "chart").touch()
    words = ["-i", str(path), "--kubernetes", "--out", str(tmp_path / "k8s")]
    result = CliRunner().invoke(render, words)
    assert result.exit_code == 2
    assert f"{tmp_path}/k8s/chart cannot be written" in result.stderr


@pytest.mark.parametrize("name", SITES)
def test_the_schema_of_the_values_takes_them_and_no_other_keys(name: str) -> None:
    schema = json.loads(files(name)["chart/values.schema.json"])
    values = yaml.safe_load(files(name)["chart/values.yaml"])
    jsonschema.validate(values, schema)
    for wrong in ({"replica": 3}, {"app": {"worker": 1}}, {"replicas": "two"}, {"gpus": -1}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**values, **wrong}, schema)
