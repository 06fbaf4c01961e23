"""An inventory becomes a cluster that speaks: real kernels, IPVS, VRRP, sshd and NFS.

The tests stand in the order in which an operator would do these things, on one lab.
"""

import array
import itertools
import json
import re
import subprocess
import sys
import time
import wave
from pathlib import Path
from typing import Any

import pytest

from provisioning.lab import lifecycle
from tests.app.patient_client import patient_client
from tests.lab.cluster import Cluster

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]

REAL_SERVERS = {"rs1", "rs2", "rs3"}


def service(**settings: Any) -> Any:
    def change(content: dict[str, Any]) -> None:
        content["services"] = [{"name": "web", "port": 7860, **settings}]

    return change


RR = service(scheduler="rr", persistence=None)
SH = service(scheduler="sh", persistence=None)


def wait_for(what: str, true: Any, within: float) -> float:
    """Seconds until ``true()`` is; fails after ``within`` seconds."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < within, f"not within {within} s: {what}"
        time.sleep(0.2)
    return time.monotonic() - began


def test_first_deploy_brings_it_up_and_proves_it(cluster: Cluster) -> None:
    cluster.write(RR)
    assert cluster.run("plan").returncode == 2
    done = cluster.run("deploy", "--yes")
    # It ends with every check of `cluster verify`.
    assert done.returncode == 0, done.stdout + done.stderr


def test_second_deploy_changes_nothing(cluster: Cluster) -> None:
    done = cluster.run("deploy", "--yes", "--no-verify")
    assert done.returncode == 0
    assert "Nothing to change." in done.stdout
    assert cluster.json("plan")["changes"] is False


def test_rr_shows_all_three_nodes_evenly(cluster: Cluster) -> None:
    assert cluster.nodes_that_answer(9) == dict.fromkeys(REAL_SERVERS, 3)


def test_a_source_port_that_is_used_again_is_scheduled_anew(cluster: Cluster) -> None:
    vip = cluster.lab.topology.lan.vip
    script = f"""
import json, socket, time
def connected():
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    client.bind(("", 31007))
    client.settimeout(30)
    client.connect(("{vip}", 7860))
    return client
for _ in range(3):
    for _ in range(100):
        try:
            client = connected()
            break
        except OSError:
            # The last packet of the connection before is under way.
            time.sleep(0.1)
    client.sendall(b"GET /healthz HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n")
    said = b""
    # Until the node has closed, so that the port is free here.
    while part := client.recv(65536):
        said += part
    client.close()
    print(json.loads(said.partition(b"\\r\\n\\r\\n")[2])["node"], flush=True)
"""
    done = cluster.from_client("python3", "-c", script)
    assert sorted(done.stdout.split()) == sorted(REAL_SERVERS), done.stdout + done.stderr


def test_replies_bypass_the_director(cluster: Cluster) -> None:
    cluster.nodes_that_answer(3)
    lines = cluster.on(cluster.master(), "ipvsadm -Ln --stats --exact").splitlines()
    totals = [line.split() for line in lines if line.startswith("TCP")]
    # Prot LocalAddress:Port Conns InPkts OutPkts InBytes OutBytes
    assert len(totals) == 1
    conns, in_packets, out_packets, _, out_bytes = (int(word) for word in totals[0][2:])
    assert conns >= 3
    assert in_packets > 0
    assert (out_packets, out_bytes) == (0, 0)


def test_only_the_master_answers_arp_for_the_vip(cluster: Cluster) -> None:
    vip = str(cluster.lab.topology.lan.vip)
    interfaces = json.loads(cluster.from_client("ip", "-j", "route", "get", vip).stdout)
    done = cluster.from_client("arping", "-c", "3", "-I", interfaces[0]["dev"], vip)
    owners = set(re.findall(r"\[([0-9A-Fa-f:]{17})\]", done.stdout))
    assert len(owners) == 1, done.stdout
    mac = cluster.on(cluster.master(), "cat /sys/class/net/vec0/address").strip()
    assert owners == {mac.upper()}


def test_status_is_healthy_and_names_everything(cluster: Cluster) -> None:
    done = cluster.run("status")
    assert done.returncode == 0
    for name in (*REAL_SERVERS, "lvs1", "lvs2", "nas1"):
        assert name in done.stdout
    assert cluster.json("status")


def test_the_doctor_finds_nothing_on_a_cluster_that_serves(cluster: Cluster) -> None:
    done = cluster.run("doctor")
    assert done.returncode == 0, done.stdout + done.stderr


def test_history_tells_who_did_what(cluster: Cluster) -> None:
    runs = cluster.json("history")
    assert [run["result"] for run in runs] == ["ok", "ok"]
    shown = cluster.run("history", "show", runs[-1]["id"]).stdout
    assert "keepalived.conf" in shown


def test_sh_shows_one_node_to_one_client(cluster: Cluster) -> None:
    cluster.write(SH)
    assert cluster.run("deploy", "--yes").returncode == 0
    answered = cluster.nodes_that_answer(9)
    assert len(answered) == 1


def test_gradio_client_speaks_through_the_vip(cluster: Cluster, tmp_path: Path) -> None:
    client = patient_client(cluster.lab.url, download_files=str(tmp_path))
    text = "你好，虚拟服务器。 Hello from the virtual server."
    result = client.predict(text, *_defaults(client), api_name="/synthesize")
    path = Path(result[0] if isinstance(result, list | tuple) else result)
    with wave.open(str(path)) as sound:
        seconds = sound.getnframes() / sound.getframerate()
        samples = array.array("h", sound.readframes(sound.getnframes()))
    loudness = (sum(s * s for s in samples) / len(samples)) ** 0.5
    assert 1 < seconds < 30
    assert loudness > 300, "speech has energy"
    exported = cluster.on("nas1", "find /srv -name '*.wav' -newermt '-10 min'").split()
    assert exported
    names = {Path(name).name for name in exported}
    for node in REAL_SERVERS:

        def seen(node: str = node) -> bool:
            found = cluster.on(node, "find /srv/cosyvoice/outputs -name '*.wav'").split()
            return bool(names & {Path(name).name for name in found})

        # A client of NFS may remember a folder for half a minute.
        wait_for(f"{node} has it", seen, 60)


def _defaults(client: Any) -> list[Any]:
    endpoint = client.view_api(return_format="dict")["named_endpoints"]["/synthesize"]
    return [parameter["parameter_default"] for parameter in endpoint["parameters"][1:]]


def test_a_browser_hears_speech_through_the_vip(cluster: Cluster, artefacts: Path) -> None:
    from playwright.sync_api import sync_playwright

    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    arguments += ["--disable-component-update", "--disable-sync", "--no-first-run"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=arguments)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(cluster.lab.url, timeout=120_000)
        page.locator("#text textarea").fill("各位听众，大家好。")
        page.locator("#generate").click()
        # The player holds its sound once the job is done.
        page.wait_for_function(
            """() => [...document.querySelectorAll('#result audio, #result a[download]')]
                .some(e => (e.src || e.href || '').includes('.wav'))""",
            timeout=120_000,
        )
        page.screenshot(path=artefacts / "browser-through-the-vip.png", full_page=True)
        browser.close()


def test_a_dead_process_is_taken_out_and_comes_back(cluster: Cluster) -> None:
    master = cluster.master()
    address = str(cluster.lab.topology.node("rs1").address)
    assert cluster.weights(master)[address] == 1
    cluster.on("rs1", "supervisorctl stop cosyvoice >/dev/null")
    # interval 2 + retry 2 * delay 1 of the default check, a second for the table, and a machine
    # that has other work
    wait_for("rs1 out of the table", lambda: address not in cluster.weights(master), 30)
    assert set(cluster.nodes_that_answer(4)) <= REAL_SERVERS - {"rs1"}
    cluster.on("rs1", "supervisorctl start cosyvoice >/dev/null")
    wait_for("rs1 back", lambda: cluster.weights(master).get(address) == 1, 180)


def test_a_silent_kernel_is_taken_out_and_comes_back(cluster: Cluster) -> None:
    master = cluster.master()
    address = str(cluster.lab.topology.node("rs2").address)
    lifecycle.stop(cluster.lab, "rs2")
    try:
        # interval 2 + 3 tries * timeout 2 + retry 2 * delay 1, a second for the table, and a
        # machine that has other work
        wait_for("rs2 out of the table", lambda: address not in cluster.weights(master), 30)
        assert set(cluster.nodes_that_answer(4)) <= REAL_SERVERS - {"rs2"}
    finally:
        lifecycle.resume(cluster.lab, "rs2")
    wait_for("rs2 back", lambda: cluster.weights(master).get(address) == 1, 60)


def test_the_master_dies_and_the_backup_answers_within_a_second(cluster: Cluster) -> None:
    lab, vip = cluster.lab, cluster.lab.topology.lan.vip
    dead, heir = cluster.master(), "lvs2" if cluster.master() == "lvs1" else "lvs1"
    log = cluster.folder / "requests"
    log.unlink(missing_ok=True)
    # A request every 10 ms; each line is when it ended, in seconds, and its status.
    loop = f"""
import http.client, sys, time
end = time.monotonic() + 12
with open({str(log)!r}, "w", buffering=1) as log:
    while time.monotonic() < end:
        began = time.monotonic()
        try:
            connection = http.client.HTTPConnection("{vip}", 7860, timeout=0.3)
            connection.request("GET", "/healthz")
            status = connection.getresponse().status
            connection.close()
        except OSError:
            status = 0
        print(time.monotonic(), status, file=log)
        time.sleep(max(0, 0.01 - (time.monotonic() - began)))
"""
    with subprocess.Popen(lab.client_command([sys.executable, "-c", loop])) as steady:
        time.sleep(3)
        lifecycle.kill(lab, dead)
        steady.wait(timeout=60)
    answers = [line.split() for line in log.read_text().splitlines()]
    good = [float(when) for when, status in answers if status == "200"]
    failed = [float(when) for when, status in answers if status != "200"]
    # To the last request of all, so that a service that stays away counts as the gap it is.
    ends = [*good, max(float(when) for when, _ in answers)]
    gap = max(later - earlier for earlier, later in itertools.pairwise(ends))
    print(f"{len(answers)} requests, {len(failed)} failed, longest gap {gap:.2f} s")
    assert good and gap < 1.0
    assert f" {vip}/" in cluster.on(heir, "ip -o -4 address show")


def test_a_director_that_comes_back_empty_is_deployed_again(cluster: Cluster) -> None:
    started = lifecycle.start(cluster.lab)
    assert len(started) == 1
    before = cluster.master()
    done = cluster.run("deploy", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert cluster.master() == before, "no preemption"
    assert cluster.run("plan").returncode == 0
