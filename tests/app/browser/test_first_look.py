"""The page before anything was done: sentences to begin with, few settings, the button in reach."""

from playwright.sync_api import Page, expect

from tests.app.browser.conftest import CHINESE, ENGLISH, Open
from tests.app.browser.page_actions import show_more, write
from tests.app.node_process import NodeProcess


def in_sight(page: Page, selector: str) -> bool:
    """All of it is in the window, and nothing lies over its middle."""
    return bool(
        page.evaluate(
            """selector => {
                const one = document.querySelector(selector);
                const box = one.getBoundingClientRect();
                const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
                return box.top >= 0 && box.bottom <= innerHeight
                    && one.contains(document.elementFromPoint(x, y));
            }""",
            selector,
        )
    )


def test_a_phone_has_the_button_in_reach(open_page: Open, studio: NodeProcess) -> None:
    page = open_page(studio, ENGLISH, width=320, is_mobile=True, has_touch=True)
    page.set_viewport_size({"width": 320, "height": 568})
    assert page.evaluate("() => document.documentElement.scrollHeight") > 2 * 568
    assert in_sight(page, "#generate")
    page.locator("#more-toggle").scroll_into_view_if_needed()
    assert in_sight(page, "#generate")
    assert in_sight(page, "#more-toggle")


def test_a_sentence_to_begin_with_is_read_by_a_voice_of_its_language(
    open_page: Open, studio: NodeProcess
) -> None:
    page = open_page(studio, CHINESE)
    voice, text = page.locator("#voice input"), page.locator("#text textarea")
    expect(voice).to_have_value("艾米")
    example = page.locator(".example:visible").first
    sentence = example.inner_text()
    example.press("Enter")
    expect(text).to_have_value(sentence)
    expect(voice).to_have_value("小明")
    expect(text).to_be_focused()
    expect(page.locator("#examples")).to_be_hidden()
    # Who has written something is offered none.
    write(page, "")
    expect(page.locator(".example:visible")).to_have_count(3)


def test_settings_that_few_need_are_shown_when_asked_for(
    open_page: Open, studio: NodeProcess
) -> None:
    page = open_page(studio, ENGLISH)
    expect(page.locator("#seed")).to_be_hidden()
    expect(page.locator("#speed")).to_be_visible()
    show_more(page)
    for field in ("#seed", "#format", "#stream"):
        expect(page.locator(field)).to_be_visible()
    page.locator("#more-toggle").press("Enter")
    expect(page.locator("#seed")).to_be_hidden()
