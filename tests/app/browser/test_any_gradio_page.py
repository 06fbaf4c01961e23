"""A page of a Gradio application that knows nothing of nodes but has `RECONNECT` in its head."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.app.session_routing.cluster import NAMES, Nodes, running_nodes

pytestmark = pytest.mark.long
_PATIENCE = 60_000


@contextmanager
def _page(browser: Browser, folder: Path, *options: str) -> Iterator[tuple[Nodes, Page]]:
    with running_nodes(folder, "--reconnect", *options) as nodes:
        context = browser.new_context()
        page = context.new_page()
        page.goto(nodes.url)
        page.get_by_role("button", name="Greet").wait_for()
        page.evaluate("window.loadedOnce = true")
        yield nodes, page
        assert page.evaluate("window.loadedOnce"), "the page was loaded anew"
        context.close()


def _greeted_by(page: Page) -> str:
    """The node that has the page's session."""
    out = page.get_by_label("out", exact=True)
    before = out.input_value()
    page.get_by_role("button", name="Greet").click()
    page.wait_for_function(
        "([box, before]) => box.value !== before", arg=[out.element_handle(), before]
    )
    _, _, said = out.input_value().partition(" by ")
    assert said.split()[0] in NAMES
    return said.split()[0]


def _counting(page: Page, last: int) -> None:
    """Begins a job that takes that many seconds."""
    page.get_by_label("last").fill(str(last))
    page.get_by_role("button", name="Count").click()
    expect(page.locator("#counted textarea")).to_have_value("1 2", timeout=_PATIENCE)


def test_a_job_that_may_run_twice_does(browser: Browser, tmp_path: Path) -> None:
    with _page(browser, tmp_path, "--again") as (nodes, page):
        page.get_by_label("in", exact=True).fill("李雷")
        owner = _greeted_by(page)
        _counting(page, 6)
        nodes.kill(owner)
        expect(page.locator("#counted textarea")).to_have_value("1 2 3 4 5 6", timeout=_PATIENCE)
        assert page.get_by_label("in", exact=True).input_value() == "李雷"
        assert _greeted_by(page) != owner


def test_a_job_that_may_not_is_told_of_and_can_be_run_again(
    browser: Browser, tmp_path: Path
) -> None:
    with _page(browser, tmp_path) as (nodes, page):
        page.get_by_label("in", exact=True).fill("韩梅梅")
        owner = _greeted_by(page)
        _counting(page, 6)
        nodes.kill(owner)
        page.get_by_text("The node that ran this job has gone").first.wait_for(timeout=_PATIENCE)
        assert page.get_by_label("in", exact=True).input_value() == "韩梅梅"
        page.get_by_role("button", name="Count").click()
        expect(page.locator("#counted textarea")).to_have_value("1 2 3 4 5 6", timeout=_PATIENCE)
        assert _greeted_by(page) != owner
