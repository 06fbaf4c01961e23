"""A job that says something every second comes whole and in order to a program and to a page."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.app.patient_client import patient_client
from tests.app.session_routing.cluster import Nodes, running_nodes

CHROMIUM = shutil.which("chromium")
_WATCH = """
    window.seen = [];
    setInterval(() => {
        const now = document.querySelector('#counted textarea').value;
        if (now !== (window.seen.at(-1) ?? "")) window.seen.push(now);
    }, 100);
"""


@pytest.fixture
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    with running_nodes(tmp_path_factory.mktemp("gradio")) as started:
        yield started


@pytest.fixture
def page() -> Iterator[Page]:
    if CHROMIUM is None:
        pytest.skip("needs Debian's package chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser.new_page()
        browser.close()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("seconds", [10, pytest.param(180, marks=pytest.mark.long)])
def test_every_second_arrives(nodes: Nodes, page: Page, seconds: int) -> None:
    page.goto(nodes.url)
    page.get_by_label("last").fill(str(seconds))
    job = patient_client(nodes.url).submit(seconds, api_name="/count_seconds")
    page.get_by_role("button", name="Count").click()
    page.evaluate(_WATCH)
    numbers = [str(second) for second in range(1, seconds + 1)]
    everything = " ".join(numbers)
    page.wait_for_function(
        "text => document.querySelector('#counted textarea').value === text",
        arg=everything,
        timeout=2000 * seconds + 30_000,
    )
    assert job.result(timeout=30) == everything
    assert job.outputs() == [" ".join(numbers[:count]) for count in range(1, seconds + 1)]
    seen: list[str] = page.evaluate("window.seen")
    assert all(everything.startswith(text) for text in seen)
    assert [len(text) for text in seen] == sorted({len(text) for text in seen})
    # It grew before the eyes; a page that is busy may paint two steps at once.
    assert len(seen) > seconds / 2
