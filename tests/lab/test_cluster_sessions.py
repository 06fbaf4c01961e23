"""Sessions through the VIP under every scheduler, none of which knows what a session is.

Runs on the cluster that `test_cluster` deployed. LAB_SESSIONS=full makes it what a release is held
to: 300 calls one after another and 100 at once under six schedulers; as it stands it is a part of
that. `test_every_mode` brings twenty browsers to each of the six.
"""

import os
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from gradio_client import Client

from tests.lab.cluster import Cluster
from tests.lab.test_cluster import REAL_SERVERS, service

pytestmark = [pytest.mark.lab, pytest.mark.timeout(3600)]

FULL = os.environ.get("LAB_SESSIONS") == "full"
IN_TURN, AT_ONCE = (300, 100) if FULL else (20, 30)
"""Of thirty sessions no node is left without one, by chance alone, in sixty thousand runs."""
SCHEDULERS = ("rr", "wrr", "lc", "wlc", "sh", "mh") if FULL else ("rr",)
PATIENT = {"timeout": 60}
BROWSERS = 2


def speak(url: str, text: str, folder: Path) -> str:
    """One session of Gradio's own client; the node that spoke."""
    # Virtual kernels on two cores answer a hundred at once in more than the usual five seconds.
    client = Client(url, verbose=False, download_files=str(folder), httpx_kwargs=PATIENT)
    path, told = client.predict(text, "cmn", 1.0, 42, api_name="/synthesize")
    assert Path(path).read_bytes()[:4] == b"RIFF"
    return str(told["node"])


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_gradios_client_never_fails(cluster: Cluster, tmp_path: Path, scheduler: str) -> None:
    cluster.write(service(scheduler=scheduler))
    assert cluster.run("validate").stderr == ""
    done = cluster.run("deploy", "--yes", "--no-verify")
    assert done.returncode == 0, done.stdout + done.stderr
    client = Client(
        cluster.lab.url, verbose=False, download_files=str(tmp_path), httpx_kwargs=PATIENT
    )
    nodes: Counter[str] = Counter()
    for number in range(IN_TURN):
        path, told = client.predict(f"第{number}句", "cmn", 1.0, 42, api_name="/synthesize")
        assert Path(path).read_bytes()[:4] == b"RIFF"
        nodes[told["node"]] += 1
    assert sum(nodes.values()) == IN_TURN
    with ThreadPoolExecutor(AT_ONCE) as pool:
        texts = [f"第{number}位" for number in range(AT_ONCE)]
        spread = Counter(pool.map(lambda text: speak(cluster.lab.url, text, tmp_path), texts))
    print(f"{scheduler}: in turn {dict(nodes)}, at once {dict(spread)}")
    assert sum(spread.values()) == AT_ONCE
    # sh and mh bring every connection of this one client to one node; the nodes share all the same.
    assert set(spread) == REAL_SERVERS


def test_raw_calls_and_strangers(cluster: Cluster) -> None:
    with httpx.Client(base_url=cluster.lab.url, timeout=60) as fresh:
        fresh.headers["Connection"] = "close"
        for number in range(9):
            call = fresh.post(
                "/gradio_api/call/synthesize", json={"data": [f"raw {number}", "cmn", 1.0, 42]}
            )
            event = call.json()["event_id"]
            answer = fresh.get(f"/gradio_api/call/synthesize/{event}").text
            assert "event: complete" in answer, answer
        assert fresh.post("/_session_routing/condition", json={}).status_code == 404


def test_browsers_with_two_tabs_each(cluster: Cluster, artefacts: Path) -> None:
    from playwright.sync_api import sync_playwright

    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    arguments += ["--disable-component-update", "--disable-sync", "--no-first-run"]
    nodes: Counter[str] = Counter()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=arguments)
        for number in range(BROWSERS):
            profile = browser.new_context(locale="zh-CN" if number % 2 else "en-US")
            tabs = [profile.new_page() for _ in range(2)]
            for tab in tabs:
                tab.goto(cluster.lab.url, timeout=120_000)
            for order, tab in enumerate(tabs):
                tab.locator("#text textarea").fill(f"第{number}位听众，第{order}页。")
                tab.locator("#generate").click()
            for tab in tabs:
                nodes[_heard(tab)] += 1
            tabs[-1].screenshot(path=artefacts / "browser-under-any-scheduler.png")
            profile.close()
        browser.close()
    print(f"tabs by node that spoke: {dict(nodes)}")
    assert sum(nodes.values()) == 2 * BROWSERS


def _heard(tab: Any) -> str:
    """Waits for the sound, asks for it as the browser does, and tells which node made it."""
    found = tab.wait_for_function(
        """() => [...document.querySelectorAll('#result audio, #result a[download]')]
            .map(e => e.src || e.href || '').find(u => u.includes('.wav'))""",
        timeout=120_000,
    ).json_value()
    name = re.search(r"(rs\d+)", found.rpartition("/")[2])
    assert name, found
    assert tab.request.get(found).ok
    return name[1]
