"""Deploy is cut in every way there is, and run again: it ends converged, nothing half-written."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from provisioning.lab import lifecycle
from provisioning.places import STATE
from tests.lab.cluster import Cluster

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]

HOSTS = ("nas1", "rs1", "rs2", "rs3", "lvs1", "lvs2")


def base(content: dict[str, Any]) -> None:
    content["services"] = [{"name": "web", "port": 7860, "scheduler": "sh", "persistence": None}]


class Edits:
    """Template overrides that change a file of every role without restarting the app."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.count = 0

    def next(self, content: dict[str, Any]) -> None:
        """Every host differs from what it was: a new comment in one of its files."""
        self.count += 1
        for name in (
            "storage/exports.j2",
            "real_server/logrotate.j2",
            "director/keepalived.conf.j2",
        ):
            target = self.folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            text = (files("templates") / name).read_text("utf-8")
            target.write_text(f"{text.rstrip()}\n\n# edit {self.count} {time.time_ns()}\n")
        content["templates"] = str(self.folder)


@pytest.fixture(scope="module", autouse=True)
def _deployed(cluster: Cluster) -> None:
    """Waves have the names of a living cluster, whichever test comes first."""
    if cluster.lab.exec("lvs1", ["sudo", "ls", f"{STATE}/manifest"]).returncode:
        cluster.write(base)
        assert cluster.run("deploy", "--yes", "--no-verify").returncode == 0


@pytest.fixture
def edits(tmp_path: Path) -> Edits:
    return Edits(tmp_path / "templates")


def converged(cluster: Cluster) -> None:
    done = cluster.run("deploy", "--yes", "--no-verify")
    assert done.returncode == 0, done.stdout + done.stderr
    assert cluster.run("plan").returncode == 0

    def left(host: str) -> str:
        return cluster.on(
            host,
            "find /etc /usr/local /opt -xdev -name '*.cluster-new' 2>/dev/null; "
            f"ls {STATE}/unfinished {STATE}/pending {STATE}/manifest.new 2>/dev/null; :",
        )

    with ThreadPoolExecutor(len(HOSTS)) as pool:
        assert dict(zip(HOSTS, pool.map(left, HOSTS), strict=True)) == dict.fromkeys(HOSTS, "")


def test_control_process_killed_in_each_wave(cluster: Cluster, edits: Edits) -> None:
    cluster.write(base, edits.next)
    # One after the other: each run finds what the one before left, and gets one wave further.
    for wave in ("storage", "real servers", "backup directors", "master directors"):
        process = cluster.start("deploy", "--yes", "--no-verify")
        assert process.stdout
        reached = False
        for line in process.stdout:
            print(line, end="")
            if f"== {wave}" in line:
                reached = True
                process.kill()
        process.wait()
        assert reached and process.returncode == -9, wave
    converged(cluster)
    assert [run["result"] for run in cluster.json("history")].count("cut") >= 4


@pytest.mark.long
def test_sshd_of_one_host_is_gone(cluster: Cluster, edits: Edits) -> None:
    cluster.write(base, edits.next)
    # Its own sshd ends, and starts again after the deploy has given up on it.
    cluster.on(
        "rs2",
        "kill $(cat /run/sshd.pid); (sleep 35; /usr/sbin/sshd) </dev/null >/dev/null 2>&1 &",
    )
    done = cluster.run("deploy", "--yes", "--no-verify")
    assert done.returncode == 1
    assert re.search(r"rs2: (not changed|unreachable)", done.stdout)
    changed = re.search(r"Changed: (.*)", done.stdout)
    assert changed and set(re.findall(r"\w+", changed[1])) == set(HOSTS) - {"rs2"}
    deadline = time.monotonic() + 150
    while cluster.lab.exec("rs2", ["true"]).returncode and time.monotonic() < deadline:
        time.sleep(2)
    converged(cluster)


@pytest.mark.long
def test_the_network_goes_away_in_the_middle(cluster: Cluster, edits: Edits) -> None:
    cluster.write(base, edits.next)
    process = cluster.start("deploy", "--yes", "--no-verify")
    assert process.stdout
    lines = []
    for line in process.stdout:
        lines.append(line)
        if "== real servers" in line:
            lifecycle.partition(cluster.lab, "rs1", control=True)
    process.wait(timeout=200)
    lifecycle.heal(cluster.lab)
    print("".join(lines))
    converged(cluster)


@pytest.mark.long
def test_a_full_disk_leaves_the_old_file_and_says_so(cluster: Cluster, edits: Edits) -> None:
    cluster.write(base, edits.next)
    before = cluster.on("lvs2", "sha256sum /etc/keepalived/keepalived.conf")
    cluster.on(
        "lvs2",
        "for size in 64k 1; do dd if=/dev/zero of=/fill$size bs=$size 2>/dev/null; done; :",
    )
    try:
        done = cluster.run("deploy", "--yes", "--no-verify")
        assert cluster.on("lvs2", "sha256sum /etc/keepalived/keepalived.conf") == before
    finally:
        cluster.on("lvs2", "rm -f /fill64k /fill1")
    assert done.returncode == 1
    assert "No space left" in done.stdout
    converged(cluster)


@pytest.mark.long
def test_a_bad_configuration_is_refused_by_its_own_program(cluster: Cluster, edits: Edits) -> None:
    cluster.write(base, edits.next)
    template = edits.folder / "director" / "keepalived.conf.j2"
    template.write_text(template.read_text() + "\nvrrp_instance broken {\n  state NOWHERE\n}\n")
    before = cluster.on("lvs1", "sha256sum /etc/keepalived/keepalived.conf")
    done = cluster.run("deploy", "--yes", "--no-verify")
    assert done.returncode == 1
    assert "keepalived" in done.stdout and "taken back" in done.stdout
    assert cluster.on("lvs1", "sha256sum /etc/keepalived/keepalived.conf") == before
    assert set(cluster.nodes_that_answer(3)) <= {"rs1", "rs2", "rs3"}
    cluster.write(base)
    converged(cluster)


def test_destroy_puts_the_hosts_back(cluster: Cluster) -> None:
    cluster.write(base)
    done = cluster.run("destroy", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    for host in HOSTS:
        found = cluster.on(
            host,
            f"ls -d {STATE} /etc/keepalived/keepalived.conf /etc/cosyvoice "
            "/etc/supervisor/conf.d/*.conf 2>/dev/null; "
            "ip -o address show to 10.77.0.100; "
            "pgrep -x keepalived; pgrep -f 'python.* -m (cosyvoice_cluster[.])?[a]pp'; :",
        )
        assert found == "", f"{host}: {found}"
