"""The text is marked word by word as it is heard, live and played."""

import pytest
from playwright.sync_api import expect

from tests.app.browser.conftest import ENGLISH, Open
from tests.app.browser.page_actions import generate, write
from tests.app.browser.test_access import violations
from tests.app.node_process import NodeProcess, running


def test_words_are_marked_as_they_are_heard(open_page: Open, node: NodeProcess) -> None:
    page = open_page(node, ENGLISH)
    page.evaluate(
        """() => {
            window.heard = [];
            new MutationObserver(() => {
                const word = document.querySelector(".read-along .now")?.textContent;
                if (word && word !== window.heard.at(-1)) window.heard.push(word);
            }).observe(document.body, { attributeFilter: ["class"], subtree: true });
        }"""
    )
    words = ["One", "“two”", "&", "three,", "and", "so", "it", "goes", "on", "and", "on."]
    text = "  ".join(words)
    write(page, text)
    generate(page)
    place = page.locator("#result .read-along")
    assert place.locator("p").inner_text() == text
    # It was heard while it was made.
    page.wait_for_function("() => window.heard.length > 2")
    page.wait_for_function("() => window.studio.live.position === null")
    assert page.evaluate("window.heard").count("three,") == 1
    expect(place.locator(".now")).to_have_count(0)
    # A word that is pressed is where it plays.
    page.evaluate("window.heard = []")
    place.locator("[data-from]", has_text="goes").click()
    page.wait_for_function("() => window.heard.includes('on.')")
    assert page.evaluate("window.heard")[-4:] == ["goes", "on", "and", "on."]
    assert violations(page) == []


@pytest.mark.long
def test_an_engine_that_knows_no_times_reads_on_its_own(
    open_page: Open, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("lacks")
    lacks = {"STUDIO_ENGINE_LACKS": "word_times"}
    with running(folder, "--engine", "studio", "--enable-queue", **lacks) as node:
        page = open_page(node, ENGLISH)
        write(page, "no times")
        generate(page)
        assert page.locator(".read-along").count() == 0
