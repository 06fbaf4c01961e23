"""Central logs under systemd, on Debians with nothing on them: files and journals arrive, a log is
rotated while it is written, and what runs comes back after a kill and after a reboot."""

import json
import time
from collections.abc import Iterator

import pytest

from provisioning.lab import lifecycle
from provisioning.lab.running import Lab
from tests.lab.bare_cluster import MINUTES, Speech
from tests.lab.cluster import Cluster
from tests.lab.test_cluster import wait_for
from tests.lab.test_logs import found, kept, kernel_tells, killed
from tests.lab.watched import spoken

pytestmark = [pytest.mark.lab, pytest.mark.long, pytest.mark.timeout(3600)]
_SERVICES = {
    "lvs1": ("cosyvoice-log-shipper",),
    "rs1": ("cosyvoice-log-shipper",),
    "log1": ("cosyvoice-log-shipper", "cosyvoice-log-store", "cosyvoice-log-keeper"),
}
_LOG = "/var/log/cosyvoice/app.log"


@pytest.fixture(scope="module")
def logged(bare_logs: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    made = Cluster(bare_logs, tmp_path_factory.mktemp("logged"))
    made.write()
    done = made.run("deploy", "--yes", "--no-verify", timeout=3500)
    assert done.returncode == 0, done.stdout + done.stderr
    Speech(made).seconds()
    yield made
    for name in _SERVICES:
        print(f"--- {name}\n", made.on(name, "journalctl -b -p warning --no-pager | tail -n 40"))


def run(cluster: Cluster, *, since: dict[str, str] | None = None) -> None:
    """Check that all services run, and (``since``) that none was started anew meanwhile."""
    for host, services in _SERVICES.items():
        for service in services:
            state = cluster.on(host, f"systemctl show -p ActiveState -p NRestarts {service}")
            restarts = (since or {}).get(f"{host} {service}", "0")
            assert set(state.split()) == {"ActiveState=active", f"NRestarts={restarts}"}, service


def test_files_and_journals_arrive(logged: Cluster) -> None:
    name = spoken(logged)
    wait_for("its lines are there", lambda: name in kept(logged), MINUTES)
    lines = found(logged, "--request", name)
    assert {line["host"] for line in lines} == {"rs1"}
    logged.on("lvs1", "systemctl reload keepalived")

    def told() -> set[str]:
        """Services of the director's that tell of it."""
        return {line["service"] for line in found(logged, "--node", "lvs1", "--search", "eload")}

    wait_for("the journal has travelled", lambda: "keepalived" in told(), MINUTES)
    kernel_tells(logged, "rs1")
    run(logged)


def test_a_log_is_renamed_and_the_app_goes_on_in_the_new_one(logged: Cluster) -> None:
    names = list[str]()

    def said() -> int:
        """Bytes of the log, after one more request."""
        names.append(spoken(logged))
        return int(logged.on("rs1", f"stat -c %s {_LOG}"))

    for _ in range(3):
        # None is renamed before it has a kilobyte, unless by force.
        wait_for("more was said", lambda: said() > 1024, MINUTES)
        logged.on("rs1", "logrotate -f /etc/logrotate.d/cosyvoice")
        names.append(spoken(logged))
    wait_for("all are there", lambda: set(names) <= kept(logged), MINUTES)
    logs = logged.on("rs1", f"stat -c '%U %a %n' {_LOG} {_LOG}.1").splitlines()
    assert logs == [f"cosyvoice 640 {_LOG}", f"cosyvoice 640 {_LOG}.1"]
    assert names[-1] in logged.on("rs1", f"cat {_LOG}")
    assert names[-2] in logged.on("rs1", f"cat {_LOG}.1")
    done = logged.on("rs1", "logrotate -v /etc/logrotate.d/cosyvoice 2>&1")
    assert "does not need rotating" in done


def test_killed_programs_are_started_anew_and_nothing_is_lost(logged: Cluster) -> None:
    names = []
    for host, conf in (("rs1", "log-shipper"), ("log1", "log-store"), ("rs1", "log-shipper")):
        names.append(spoken(logged))
        killed(logged, host, conf)
        names.append(spoken(logged))
    wait_for("all are there", lambda: set(names) <= kept(logged), MINUTES)
    run(logged, since={"rs1 cosyvoice-log-shipper": "2", "log1 cosyvoice-log-store": "1"})


def test_a_log_host_that_is_switched_off_gets_what_was_said_meanwhile(logged: Cluster) -> None:
    # What it had taken a moment ago it may not have written to its disk.
    lifecycle.kill(logged.lab, "log1")
    names = [spoken(logged) for _ in range(5)]
    # Time for senders to see that nobody is there.
    time.sleep(20)
    names += [spoken(logged) for _ in range(5)]
    began = time.monotonic()
    lifecycle.start(logged.lab, ["log1"])
    wait_for("all are there", lambda: set(names) <= kept(logged), MINUTES)
    print(f"all were there {time.monotonic() - began:.0f} s after power came back")
    assert found(logged, "--request", names[-1])
    told = json.loads(logged.run("status", "--json").stdout)
    assert not [fault for fault in told["faults"] if fault["host"] == "log1"]
