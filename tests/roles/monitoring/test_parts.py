"""What monitoring puts where, and that nothing of it is there without."""

import json
import os
import subprocess
from ipaddress import ip_address
from pathlib import Path

import pytest

from provisioning.facts.alerts import firing_alerts, targets_up
from provisioning.facts.fact import Answers
from provisioning.facts.lan.interfaces import INTERFACES
from provisioning.model.inventory import Inventory
from provisioning.model.loader.load import load_inventory
from provisioning.model.runtime import Drain, Runtime
from provisioning.operations.drain.runtime_change import director_parts
from provisioning.places import EXPECTED_METRICS, KEEPALIVED_METRICS, NODE_EXPORTER
from provisioning.resources.base import Observation, Resource
from provisioning.resources.file import File
from provisioning.resources.package import Packages
from provisioning.resources.service import Service
from provisioning.roles.desired import desired_hosts
from provisioning.roles.host_status import HostStatus
from provisioning.roles.monitoring.targets import jobs
from provisioning.roles.monitoring.view import monitoring_view
from tests.processes import wait_until
from tests.roles.rendered import HERE, files, hosts

_EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "monitoring.yaml"


def inventory(**more: object) -> Inventory:
    return Inventory.model_validate(
        {
            "vip": "192.0.2.100",
            "directors": {"hosts": {"lvs1": "192.0.2.11"}},
            "real_servers": {"hosts": {"rs1": "192.0.2.101", "rs2": "192.0.2.102"}},
            "clients": {"hosts": {"c1": "192.0.2.200"}},
            **more,
        }
    )


@pytest.mark.parametrize(
    ("app", "asked"),
    [
        ({}, True),
        ({"source": "/srv/app"}, False),
        ({"source": "/srv/app", "metrics": True}, True),
        ({"metrics": False}, False),
    ],
)
def test_nodes_are_asked_where_they_tell_of_themselves(
    app: dict[str, object], *, asked: bool
) -> None:
    found = inventory(app=app, monitoring={"hosts": {"mon1": "192.0.2.61"}})
    assert found.monitoring
    assert any(job.name == "node" for job in jobs(found, found.monitoring)) == asked


def about(resource: Resource) -> str:
    return f"{resource.id} {getattr(resource, 'names', '')}"


def test_without_it_no_host_has_anything_of_it() -> None:
    for host in desired_hosts(inventory(), None, Runtime()).values():
        assert not [one for one in host.resources if "prometheus" in about(one)]


def test_every_host_but_clients_has_an_exporter_at_its_own_address() -> None:
    found = desired_hosts(inventory(monitoring={}), None, Runtime())
    assert found["c1"].resources == ()
    for name, address in (("lvs1", "192.0.2.11"), ("rs1", "192.0.2.101")):
        services = [one.name for one in found[name].resources if isinstance(one, Service)]
        assert services.count(NODE_EXPORTER) == 1
        (unit,) = [
            one
            for one in found[name].resources
            if isinstance(one, File) and NODE_EXPORTER in one.path
        ]
        assert f"--web.listen-address={address}:9100 " in unit.content
        assert ("--no-collector.ipvs" in unit.content) == (name != "lvs1")


def test_it_disturbs_nobody() -> None:
    """A real server that serves is not drained for its exporter."""
    without, watched = (
        {one.id: one for one in desired_hosts(made, None, Runtime())["rs1"].resources}
        for made in (inventory(), inventory(monitoring={}))
    )
    new = [one for key, one in watched.items() if key not in without]
    assert [one for one in new if isinstance(one, Packages)]
    assert not [handler for one in new for handler in one.triggers if handler.disturbs]
    assert {key for key in without if without[key] != watched[key]} <= {
        # Its header tells another inventory.
        one.id
        for one in without.values()
        if isinstance(one, File)
    }


def test_a_drain_tells_directors_what_is_expected_of_them_now() -> None:
    drained = Runtime({"rs2": Drain("ops", "2026-01-01T00:00:00+00:00")})
    parts = director_parts(inventory(monitoring={}), Runtime(), drained)
    (expected,) = [
        one for one in parts["lvs1"][1] if isinstance(one, File) and one.path == EXPECTED_METRICS
    ]
    assert 'cluster_drained{real_server="rs2"} 1\n' in expected.content
    assert 'cluster_drained{real_server="rs1"} 0\n' in expected.content
    assert 'real_server="rs2",service="web"} 0\n' in expected.content


def test_the_example_is_right(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MAIL_PASSWORD", "WECOM_SECRET", "PAGERDUTY_KEY"):
        monkeypatch.setenv(name, "geheim")
    monkeypatch.setenv("HEARTBEAT_URL", "https://beat.example.org/x")
    monitoring = load_inventory(_EXAMPLE).monitoring
    assert monitoring is not None
    assert [one.type for one in monitoring.receivers] == ["email", "wecom", "pagerduty"]


def test_targets_are_every_host_of_the_inventory_once() -> None:
    monitoring = load_inventory(HERE / "inventories" / "monitoring.yaml")
    place = "mon1/etc/prometheus/cosyvoice/targets/host.json"
    listed = [one["labels"]["node"] for one in json.loads(files("monitoring")[place].content)]
    assert listed == list(dict.fromkeys(listed))
    assert set(listed) == set(desired_hosts(monitoring, None, Runtime()))


def test_keepalived_is_told_of_as_it_is(tmp_path: Path) -> None:
    """One that is gone is no master any more; and when nobody looks, nothing is told."""
    script = files("monitoring")["lvs1/usr/local/sbin/keepalived-metrics"].content
    states, target, bin_ = tmp_path / "states", tmp_path / "told.prom", tmp_path / "bin"
    states.mkdir()
    bin_.mkdir()
    (states / "vrrp-VI_1").write_text("MASTER\n")
    (states / "vrrp-VI_2").write_text("BACKUP\n")
    (states / "vrrp-VI_2.new").write_text("")
    (bin_ / "pidof").write_text(f"#!/bin/sh\n[ -e {tmp_path}/runs ]\n")
    (bin_ / "pidof").chmod(0o755)
    (tmp_path / "runs").touch()
    script = script.replace("/run/cosyvoice-cluster", str(states)).replace("sleep 5", "sleep 0.2")
    script = script.replace(
        "/var/lib/prometheus/node-exporter/cosyvoice-keepalived.prom", str(target)
    )
    path = tmp_path / "script"
    path.write_text(script)
    environment = {**os.environ, "PATH": f"{bin_}:{os.environ['PATH']}"}
    process = subprocess.Popen(["sh", str(path), "run"], env=environment)
    try:
        wait_until(target.exists)
        values = dict(
            line.rsplit(" ", 1)
            for line in target.read_text().splitlines()
            if not line.startswith("#")
        )
        assert values == {
            "keepalived_up": "1",
            'keepalived_vrrp_state{iname="VI_1"}': "2",
            'keepalived_vrrp_state{iname="VI_2"}': "1",
        }
        (tmp_path / "runs").unlink()
        wait_until(lambda: "keepalived_up 0" in target.read_text())
        assert "iname=" not in target.read_text()
    finally:
        process.terminate()
        process.wait()
    assert not target.exists()
    assert not list(tmp_path.glob("told.prom.*"))


def status(alerts: Observation, up: Observation) -> HostStatus:
    made = inventory(monitoring={"hosts": {"mon1": "192.0.2.61"}})
    address = ip_address("192.0.2.61")
    found = {
        INTERFACES.name: Observation("[]", "", 0),
        firing_alerts(address, 9093).name: alerts,
        targets_up(address, 9090).name: up,
    }
    return monitoring_view(made, "mon1").combine(Answers(found))


def alert(name: str, severity: str) -> dict[str, object]:
    return {
        "labels": {"alertname": name, "severity": severity},
        "annotations": {"summary": "s"},
        "startsAt": "2026-01-01T00:00:00.123Z",
        "status": {"state": "active", "silencedBy": [], "inhibitedBy": []},
    }


def said(body: object) -> Observation:
    return Observation(json.dumps(body), "", 0)


_UP = said({"data": {"result": [{"value": [0, "1"]}, {"value": [0, "0"]}]}})
_SILENT = Observation("", "curl: (7) Failed to connect\n", 7)


def test_status_shows_what_it_reaches_and_what_burns() -> None:
    alerts = said([alert("Watchdog", "none"), alert("A", "critical"), alert("B", "info")])
    seen = status(alerts, _UP)
    assert seen.faults == ()
    assert dict(seen.record) == {
        "prometheus": True,
        "alertmanager": True,
        "targets_up": 1,
        "targets": 2,
        "alerts": 2,
        "critical": 1,
    }
    assert {key: (cell.text, cell.good) for key, cell in seen.cells.items()} == {
        "Prometheus": ("answers", True),
        "targets": ("1 of 2", False),
        "Alertmanager": ("answers", True),
        "alerts": ("2", False),
    }


@pytest.mark.parametrize(
    ("alerts", "up", "fault"),
    [
        (said([]), _UP, "Alertmanager got nothing from Prometheus"),
        (_SILENT, _UP, "Alertmanager does not answer: curl: (7) Failed to connect"),
        (said([alert("Watchdog", "none")]), _SILENT, "Prometheus does not answer: curl: (7)"),
        (Observation("<html>", "", 0), _UP, "Alertmanager does not answer: it is no JSON"),
        (said({"x": 1}), _UP, "Alertmanager does not answer: Alertmanager's answer is not"),
        (said([alert("Watchdog", "none")]), said({"data": 1}), "Prometheus does not answer: its"),
    ],
)
def test_faults_of_a_monitoring_host(alerts: Observation, up: Observation, fault: str) -> None:
    ((text, _),) = status(alerts, up).faults
    assert text.startswith(fault)


def test_the_check_of_the_disk_counts_what_is_kept_already() -> None:
    (need,) = [one for one in hosts("monitoring")["mon1"].requirements if "room" in one.title]
    assert need.title == "/var/lib has room for 50 GB of metrics"
    for size, met in ((0, True), (10**9, False)):
        probe = need.probe.replace("-ge 50", f"-ge {size}")
        done = subprocess.run(
            ["sh", "-eu", "-c", probe], capture_output=True, text=True, check=False
        )
        assert (done.returncode == 0) == met
        assert done.stdout.startswith("there are ")


def test_the_watch_of_keepalived_restarts_no_keepalived() -> None:
    for name in ("lvs1", "edge1"):
        handlers = {
            handler.name
            for one in hosts("monitoring")[name].resources
            if KEEPALIVED_METRICS in one.id
            for handler in one.triggers
        }
        assert handlers == {f"restart {KEEPALIVED_METRICS}"}
