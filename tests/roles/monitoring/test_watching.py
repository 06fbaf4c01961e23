"""A cluster is watched by the programs themselves: from what a director tells to what a person
gets."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from provisioning.cli.commands.alerts import alerts
from provisioning.facts.alerts import Targets, targets_up
from provisioning.operations.errors import OperationError
from provisioning.places import NODE_EXPORTER
from provisioning.resources.base import Observation
from provisioning.transport.base import UnreachableError
from provisioning.transport.local import LocalTransport
from tests.processes import wait_until
from tests.roles.monitoring.watching_site import Site, listener, watching_site

_PATIENCE = 120.0
"""Seconds; what is waited for takes a few, on a machine that has time."""


@dataclass
class Watched:
    """The site, and what its receivers were told."""

    site: Site
    posted: list[tuple[str, str, Any]]

    def told(self, path: str) -> list[dict[str, Any]]:
        """Alerts that were posted there."""
        return [one for where, _, body in self.posted if where == path for one in body["alerts"]]

    def names(self, path: str) -> set[str]:
        return {one["labels"]["alertname"] for one in self.told(path)}


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    folder = tmp_path_factory.mktemp("watched")
    with listener() as (url, posted):
        secrets = {"hook": f"{url}/hook", "beat": f"{url}/beat", "token": "geheim-密"[:6]}
        for name, value in secrets.items():
            (folder / name).write_text(value)
            (folder / name).chmod(0o600)
        receiver: dict[str, Any] = {
            "name": "hook",
            "type": "webhook",
            "severities": ["critical", "warning"],
        }
        receiver |= {key: {"file": str(folder / name)} for key, name in _SECRETS.items()}
        with watching_site(
            folder,
            folder / "token",
            receivers=[receiver],
            heartbeat={"file": str(folder / "beat")},
        ) as site:
            yield Watched(site, posted)


_SECRETS = {"url": "hook", "token": "token"}


@pytest.fixture
def cluster(watched: Watched, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> "Cluster":
    """``cluster alerts`` for the site, whose hosts are all this machine."""
    gone: set[str] = set()

    def connect(name: str, *_: object, **__: object) -> LocalTransport:
        if name in gone:
            raise UnreachableError(f"{name}: nobody answers")
        return LocalTransport()

    monkeypatch.setattr("provisioning.operations.cluster.fleet.connect", connect)
    monkeypatch.setattr(
        "provisioning.cli.commands.alerts.load_or_exit", lambda _: watched.site.inventory
    )
    return Cluster(gone)


@dataclass
class Cluster:
    """The command line; hosts that are ``gone`` cannot be reached."""

    gone: set[str]

    def alerts(self, *words: str) -> Result:
        return CliRunner().invoke(alerts, [*words])

    def burning(self) -> dict[str, Any]:
        record = json.loads(self.alerts("--json").stdout)
        return {one["name"]: one for one in record["alerts"]}


def targets(site: Site, name: str) -> Targets:
    monitoring = site.inventory.monitoring
    assert monitoring is not None
    fact = targets_up(monitoring.hosts[name].address, monitoring.ports.prometheus)
    done = subprocess.run(["sh", "-c", fact.fragment], capture_output=True, text=True, check=False)
    return fact.parse(Observation(done.stdout, done.stderr, done.returncode))


def test_a_real_server_that_the_director_lacks_is_told_once(watched: Watched) -> None:
    """The director's kernel has no such table here, and its expectation has one."""
    wait_until(lambda: "RealServerMissing" in watched.names("/hook"), _PATIENCE)
    told = [
        one
        for one in watched.told("/hook")
        if one["labels"]["alertname"] == "RealServerMissing" and one["status"] == "firing"
    ]
    assert told[0]["labels"]["real_server"] == "rs1"
    assert "rs1 is out of service at 127.0.0.100" in told[0]["annotations"]["summary"]
    assert len(told) == 1
    # By the token of a file.
    said = {authorization for path, authorization, _ in watched.posted if path == "/hook"}
    assert {one.partition(" ")[0] for one in said} == {"Bearer"}


def test_the_virtual_ip_is_asked_from_outside(watched: Watched) -> None:
    wait_until(lambda: "VipUnreachable" in watched.names("/hook"), _PATIENCE)
    (alert,) = [
        one for one in watched.told("/hook") if one["labels"]["alertname"] == "VipUnreachable"
    ][:1]
    assert alert["labels"]["service"] == "web"
    assert alert["labels"]["instance"].startswith("http://127.0.0.100:")


def test_the_heartbeat_beats_and_is_told_to_nobody_else(watched: Watched) -> None:
    wait_until(lambda: watched.names("/beat"), _PATIENCE)
    assert watched.names("/beat") == {"Watchdog"}
    assert "Watchdog" not in watched.names("/hook")


def test_targets_have_their_labels(watched: Watched) -> None:
    wait_until(lambda: watched.site.ask('up{node="lvs1"} == 1'), _PATIENCE)
    (up,) = watched.site.ask('up{node="lvs1"}')
    assert up["metric"] == {
        "__name__": "up",
        "cluster": "cosyvoice",
        "instance": "lvs1",
        "job": "cosyvoice-host",
        "node": "lvs1",
        "role": "director",
    }
    (expected,) = watched.site.ask("cluster_expected_real_server")
    assert expected["metric"]["real_server"] == "rs1"
    assert expected["metric"]["node"] == "lvs1"


def test_status_counts_what_prometheus_reaches(watched: Watched) -> None:
    wait_until(lambda: targets(watched.site, "mon1").up >= 3, _PATIENCE)
    # rs1 and its app, the watchers' exporters, and the second Prometheus are not there.
    found = targets(watched.site, "mon1")
    assert (found.problem, found.every) == ("", 10)
    assert "Failed to connect" in targets(watched.site, "mon2").problem


def test_one_silence_counts_on_both(watched: Watched, cluster: Cluster) -> None:
    wait_until(lambda: "RealServerMissing" in cluster.burning(), _PATIENCE)
    burns = cluster.burning()["RealServerMissing"]
    assert (burns["severity"], burns["state"], burns["silenced_by"]) == ("warning", "active", [])
    assert burns["labels"]["real_server"] == "rs1"
    words = ("--label", "real_server=rs1", "--for", "30m", "--comment", "新 'x' \"y\" $(id)")
    done = cluster.alerts("silence", "RealServerMissing", *words, "--json")
    made = json.loads(done.stdout)["silence"]
    for away in ({"mon2"}, {"mon1"}):
        cluster.gone.clear()
        cluster.gone.update(away)
        wait_until(
            lambda: cluster.burning()["RealServerMissing"]["silenced_by"] == [made], _PATIENCE
        )
        assert cluster.burning()["RealServerMissing"]["state"] == "suppressed"


def test_what_burns_is_shown_and_is_the_status(watched: Watched, cluster: Cluster) -> None:
    wait_until(lambda: "VipUnreachable" in cluster.burning(), _PATIENCE)
    done = cluster.alerts()
    assert done.exit_code == 1
    assert "VipUnreachable" in done.stdout and "Watchdog" not in done.stdout
    record = json.loads(cluster.alerts("--json").stdout)
    assert (record["host"], record["watched"]) == ("mon1", True)
    assert record["alerts"][0]["runbook"].startswith("docs/runbooks/")


def test_without_a_host_that_answers_nobody_can_say(cluster: Cluster) -> None:
    cluster.gone.update({"mon1", "mon2"})
    done = cluster.alerts()
    assert isinstance(done.exception, OperationError)
    assert "mon1: nobody answers; mon2: nobody answers" in str(done.exception)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("silence", "A", "--for", "2x"), "is no duration such as 30m, 2h or 1d"),
        (("silence", "A", "--label", "rs1"), "'rs1' is not NAME=VALUE"),
        (("--json", "silence", "A"), "options stand behind the command"),
        (("test", "--severity", "none"), "'none' is not one of"),
    ],
)
def test_wrong_words(words: tuple[str, ...], said: str, cluster: Cluster) -> None:
    done = cluster.alerts(*words)
    assert done.exit_code == 2
    assert said in done.stderr


def test_a_test_alert_arrives(watched: Watched, cluster: Cluster) -> None:
    done = cluster.alerts("test")
    assert (done.exit_code, done.stdout) == (0, "mon1 tells hook within half a minute.\n")
    assert "nobody" in cluster.alerts("test", "--severity", "info").stdout
    wait_until(lambda: "Test" in watched.names("/hook"), _PATIENCE)
    (alert,) = [one for one in watched.told("/hook") if one["labels"]["alertname"] == "Test"]
    assert alert["annotations"]["summary"] == "This is a test"


def test_a_host_that_dies_is_told(watched: Watched) -> None:
    """Last, as it ends the director's exporter; its end is told when it is back."""
    site = watched.site
    process = site.running["lvs1", NODE_EXPORTER]
    process.kill()
    process.wait()
    wait_until(
        lambda: any(
            one["labels"]["alertname"] == "HostDown" and one["labels"]["node"] == "lvs1"
            for one in watched.told("/hook")
        ),
        _PATIENCE,
    )
    site.start("lvs1", NODE_EXPORTER)
    wait_until(
        lambda: (
            not site.ask('ALERTS{alertname="HostDown",node="lvs1"}')
            and bool(site.ask('up{node="lvs1"} == 1'))
        ),
        _PATIENCE,
    )
