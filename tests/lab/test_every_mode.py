"""Twenty browsers through the VIP under every scheduler: two tabs each, every mode of the page."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.app.browser.conftest import ARGUMENTS, CHROMIUM
from tests.app.browser.page_actions import choose_mode, give, recording, write
from tests.lab.cluster import Cluster
from tests.lab.studio import studio_release
from tests.lab.test_cluster import REAL_SERVERS, service

pytestmark = [pytest.mark.lab, pytest.mark.long, pytest.mark.timeout(3600)]

MODES = ("preset", "clone", "cross_lingual", "instruct", "convert")
PROFILES = 20
PATIENCE = 120_000


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return studio_release(tmp_path_factory.mktemp("studio"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        started.close()


@pytest.mark.parametrize("scheduler", ["rr", "wrr", "lc", "wlc", "sh", "mh"])
def test_nobody_fails(
    cluster: Cluster, browser: Browser, studio: Path, tmp_path: Path, scheduler: str
) -> None:
    def change(content: dict[str, Any]) -> None:
        content["app"] |= {"source": str(studio), "engine": "studio", "session_routing": True}

    cluster.write(service(scheduler=scheduler, persistence=None), change)
    done = cluster.run("deploy", "--yes", "--no-verify")
    assert done.returncode == 0, done.stdout + done.stderr
    voice, words = recording(tmp_path / "voice.wav"), recording(tmp_path / "words.wav", peak=0.3)
    nodes: Counter[str] = Counter()
    for number in range(PROFILES):
        profile = browser.new_context(locale="zh-CN" if number % 2 else "en-US")
        profile.set_default_timeout(PATIENCE)
        tabs = [profile.new_page() for _ in range(2)]
        for order, tab in enumerate(tabs):
            tab.goto(cluster.lab.url)
            _fill(tab, MODES[(2 * number + order) % len(MODES)], voice, words)
        for tab in tabs:
            tab.locator("#generate").click()
        for tab in tabs:
            nodes[_heard(tab)] += 1
        profile.close()
    print(f"{scheduler}: tabs by node that spoke: {dict(nodes)}")
    assert sum(nodes.values()) == 2 * PROFILES
    assert set(nodes) == REAL_SERVERS


def _fill(tab: Page, mode: str, voice: Path, words: Path) -> None:
    tab.locator("#generate").wait_for()
    if mode != "preset":
        choose_mode(tab, mode)
        give(tab, "reference", voice)
    if mode == "clone":
        tab.locator("#transcript textarea").fill("录音里的话")
    if mode == "instruct":
        tab.locator(".chip").first.click()
    if mode == "convert":
        give(tab, "source", words)
    else:
        write(tab, f"第一句，{mode}。")


def _heard(tab: Page) -> str:
    """Waits for the sound, asks for it as the browser does, and tells which node made it."""
    tab.locator("#status [data-step=finished]").wait_for()
    source = tab.locator("#result .player").get_attribute("data-source") or ""
    answer = tab.request.get(f"{tab.url.rstrip('/')}/{source}")
    assert answer.ok and answer.body()[:4] == b"RIFF", source
    name = re.search(r"(rs\d+)", source.rpartition("/")[2])
    assert name, source
    return name[1]
