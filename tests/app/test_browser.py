"""A person uses the page in a real browser."""

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from app.outputs.names import new_stem
from app.outputs.record import OutputRecord
from app.outputs.wav import wav
from tests.app.node_process import NodeProcess

CHROMIUM = shutil.which("chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's package chromium")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser, node: NodeProcess) -> Iterator[Page]:
    """The open page. Fetching anything from elsewhere, or a script error, fails the test."""
    opened = browser.new_page(viewport={"width": 1280, "height": 900})
    foreign: list[str] = []
    faults: list[str] = []
    opened.on("request", lambda request: foreign.append(request.url))
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.goto(node.url)
    opened.locator("#text textarea").wait_for()
    yield opened
    opened.close()
    own = (node.url, "data:", "blob:")
    assert [url for url in foreign if not url.startswith(own)] == []
    assert faults == []


def test_type_click_hear(page: Page, node: NodeProcess) -> None:
    text = "各位听众，大家好。"
    page.locator("#text textarea").fill(text)
    page.locator("#generate").click()
    page.wait_for_function(
        "() => document.querySelector('#result a[download]')?.href.includes('.wav')"
    )
    assert "rs1" in page.locator("#details").inner_text()
    first = page.locator("#history li").first
    first.get_by_text(text).wait_for()
    # The browser itself decodes the history's sound.
    seconds = first.locator("audio").evaluate(
        """sound => new Promise((resolve, reject) => {
            sound.onloadedmetadata = () => resolve(sound.duration);
            sound.onerror = () => reject(sound.error.message);
            sound.preload = 'metadata'; sound.load();
        })"""
    )
    record = json.loads(max(node.outputs.glob("*-rs1-*.json")).read_text(encoding="utf-8"))
    assert record["text"] == text
    assert seconds == pytest.approx(record["duration"], abs=0.05)
    with page.expect_download() as download:
        first.get_by_role("link").click()
    assert download.value.suggested_filename.endswith(".wav")


def test_what_another_node_made_appears_and_is_text_not_markup(
    page: Page, node: NodeProcess
) -> None:
    text = "<img src=x onerror=alert(1)> ${alert(2)} {{value}} 另一个节点"
    created = datetime.now(UTC)
    stem = new_stem(created, "rs3")
    record = OutputRecord("id", "rs3", "other", created.isoformat(), 1.0, text, "v<b>", 1.5, 7)
    (node.outputs / f"{stem}.wav").write_bytes(wav(b"\0\0" * 8000, 8000))
    (node.outputs / f"{stem}.json").write_bytes(record.to_json())
    page.locator("#refresh").click()
    item = page.locator("#history li").first
    item.get_by_text("另一个节点").wait_for()
    assert item.locator("p").inner_text() == text
    assert item.locator(".node").inner_text() == "rs3"
    assert page.locator("#history img").count() == 0


def test_dice_and_keyboard(page: Page) -> None:
    seed = page.locator("#seed input")
    before = seed.input_value()
    page.locator("#dice").click()
    page.wait_for_function(
        "before => document.querySelector('#seed input').value !== before", arg=before
    )
    assert 1 <= int(seed.input_value()) <= 100_000_000
    page.locator("#text textarea").fill("键盘")
    page.locator("#text textarea").press("Shift+Enter")
    page.locator("#history li").first.get_by_text("键盘").wait_for()


def test_a_mistake_is_told_in_both_languages(page: Page) -> None:
    page.locator("#text textarea").fill("😀")
    page.locator("#generate").click()
    toast = page.get_by_test_id("toast-text")
    toast.wait_for()
    assert "没有可以朗读的内容" in toast.inner_text()
    assert "no letter" in toast.inner_text()


def test_no_leftovers_and_the_node_is_named(page: Page) -> None:
    assert page.title() == "语音合成 · Text to speech"
    assert page.locator("footer").count() == 0
    assert "Gradio" not in page.locator("body").inner_text()
    assert "rs1" in page.locator("#foot").inner_text()


def test_a_phone_shows_it_all(browser: Browser, node: NodeProcess, tmp_path: Path) -> None:
    phone = browser.new_page(viewport={"width": 390, "height": 844})
    phone.goto(node.url)
    phone.locator("#history li, #history .empty").first.wait_for()
    assert phone.evaluate("() => document.documentElement.scrollWidth") == 390
    assert phone.locator("#generate").bounding_box()["width"] > 300  # type: ignore[index]
    phone.close()
