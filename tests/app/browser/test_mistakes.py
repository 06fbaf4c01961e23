"""What is missing or wrong is said at its field, in the page's words; and no Record button where a
browser lets no page record."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.app.browser.conftest import CHINESE, ENGLISH, Open
from tests.app.browser.page_actions import choose_mode, generate, give, recording, show_more, write
from tests.app.browser.test_access import violations
from tests.app.node_process import NodeProcess


def mistakes(page: Page) -> dict[str, str]:
    """What is said, by the field that it is said of to screen readers."""
    found = page.locator(".mistake")
    found.first.wait_for()
    told = {}
    for note in found.all():
        described = page.locator(f"[aria-describedby~='{note.get_attribute('id')}']")
        expect(described).to_have_attribute("aria-invalid", "true")
        told[note.get_attribute("data-field") or ""] = note.inner_text()
    return told


def test_all_that_is_missing_is_said_at_once_and_where(
    open_page: Open, studio: NodeProcess, tmp_path: Path
) -> None:
    page = open_page(studio, ENGLISH)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    choose_mode(page, "clone")
    page.locator("#generate").click()
    told = mistakes(page)
    assert list(told) == ["text", "reference", "transcript"]
    assert told["text"] == "Enter some text first."
    expect(page.locator("#text textarea")).to_be_focused()
    assert violations(page) == []
    assert not [url for url in asked if "queue/join" in url]
    # Each is gone when there is something.
    page.keyboard.type("hello")
    expect(page.locator("#mistake-text")).to_have_count(0)
    give(page, "reference", recording(tmp_path / "voice.wav"))
    expect(page.locator("#mistake-reference")).to_have_count(0)
    page.locator("#generate").click()
    assert list(mistakes(page)) == ["transcript"]
    expect(page.locator("#transcript textarea")).to_be_focused()
    choose_mode(page, "cross_lingual")
    expect(page.locator(".mistake")).to_have_count(0)
    generate(page)


@pytest.mark.parametrize(
    ("mode", "fields"),
    [
        pytest.param("preset", ["text"], marks=pytest.mark.long),
        pytest.param("cross_lingual", ["text", "reference"], marks=pytest.mark.long),
        pytest.param("instruct", ["text", "reference", "instruction"], marks=pytest.mark.long),
        ("convert", ["source", "reference"]),
    ],
)
def test_a_mode_says_what_it_needs(
    open_page: Open, studio: NodeProcess, mode: str, fields: list[str]
) -> None:
    page = open_page(studio, CHINESE)
    choose_mode(page, mode)
    page.locator("#generate").click()
    assert list(mistakes(page)) == fields
    assert page.locator("#outcome").is_hidden()


def test_what_only_the_node_knows_is_said_at_the_field_too(
    open_page: Open, studio: NodeProcess
) -> None:
    page = open_page(studio, ENGLISH)
    write(page, "hello")
    show_more(page)
    page.locator("#seed input").fill("100000001")
    page.locator("#lock input").check()
    page.locator("#more-toggle").click()
    page.locator("#generate").click()
    told = mistakes(page)
    assert list(told) == ["seed"]
    assert "between 1 and 100000000" in told["seed"]
    expect(page.locator("#seed input")).to_be_focused()
    assert page.locator("#status [role=alert]").count() == 0
    page.locator("#seed input").fill("7")
    generate(page)
    expect(page.locator(".mistake")).to_have_count(0)


def test_no_record_button_where_the_browser_allows_none(
    browser: Browser, studio: NodeProcess
) -> None:
    context = browser.new_context(locale=ENGLISH)
    page = context.new_page()
    page.goto(studio.url.replace("127.0.0.1", "tts.example"))
    assert not page.evaluate("isSecureContext")
    choose_mode(page, "clone")
    expect(page.locator("#reference .clip-file")).to_be_visible()
    expect(page.locator("#reference .clip-record")).to_be_hidden()
    expect(page.locator("#reference .clip-why")).to_contain_text("HTTPS", use_inner_text=True)
    context.close()
