"""Twenty browsers through the VIP under every scheduler: two tabs each, every mode of the page."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.app.browser.conftest import ARGUMENTS, CHROMIUM
from tests.app.browser.page_actions import recording
from tests.lab.cluster import Cluster
from tests.lab.modes_on_page import MODES, fill, heard
from tests.lab.studio import studio_release
from tests.lab.test_cluster import REAL_SERVERS, service

pytestmark = [pytest.mark.lab, pytest.mark.long, pytest.mark.timeout(3600)]

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
            fill(tab, MODES[(2 * number + order) % len(MODES)], voice, words)
        for tab in tabs:
            tab.locator("#generate").click()
        for tab in tabs:
            nodes[heard(tab)] += 1
        profile.close()
    print(f"{scheduler}: tabs by node that spoke: {dict(nodes)}")
    assert sum(nodes.values()) == 2 * PROFILES
    assert set(nodes) == REAL_SERVERS
