"""For everybody: screen readers (axe-core), keyboards, phones; and nothing of Gradio's own."""

import itertools
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.app.browser.conftest import CHINESE, ENGLISH, Open
from tests.app.browser.page_actions import choose_mode, generate, recording, trouble, write
from tests.app.node_process import NodeProcess


def violations(page: Page) -> list[dict[str, Any]]:
    """Violations that axe-core finds, in words that help."""
    # Half-way through a fade a colour is not what it will be.
    page.evaluate("() => Promise.all(document.getAnimations().map(a => a.finish?.call(a)))")
    found = Axe().run(page).response["violations"]
    return [
        {"rule": one["id"], "impact": one["impact"], "where": [n["html"] for n in one["nodes"]]}
        for one in found
    ]


@pytest.mark.parametrize(
    ("language", "scheme"),
    [
        (CHINESE, "light"),
        (ENGLISH, "dark"),
        pytest.param(CHINESE, "dark", marks=pytest.mark.long),
        pytest.param(ENGLISH, "light", marks=pytest.mark.long),
    ],
)
def test_axe_finds_nothing(
    open_page: Open,
    studio: NodeProcess,
    language: str,
    scheme: str,
    tmp_path: Path,
    artefacts: Path,
) -> None:
    page = open_page(studio, language, color_scheme=scheme)
    assert violations(page) == []
    write(page, "hello [M][AY9]")
    page.locator("#marks .marks").wait_for()
    assert violations(page) == []
    write(page, "hello")
    generate(page)
    page.locator("#history details summary").first.click()
    assert violations(page) == []
    page.screenshot(path=artefacts / f"page-{language}-{scheme}.png", full_page=True)
    write(page, "😀")
    page.locator("#generate").click()
    trouble(page)
    for mode in ("clone", "cross_lingual", "instruct", "convert"):
        choose_mode(page, mode)
        if mode == "clone":
            path = recording(tmp_path / "voice.wav", peak=3)
            page.locator("#reference input[type=file]").set_input_files(path)
            page.locator("#reference-verdict .verdict").wait_for()
        assert violations(page) == [], mode
    page.locator("#history .delete").first.click()
    assert violations(page) == []


def test_headings_are_in_order(open_page: Open, studio: NodeProcess) -> None:
    page = open_page(studio, ENGLISH)
    levels = page.eval_on_selector_all(
        "h1, h2, h3, h4", "all => all.map(one => Number(one.tagName[1]))"
    )
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_steps_are_said_to_screen_readers(open_page: Open, studio: NodeProcess) -> None:
    page = open_page(studio, ENGLISH)
    page.evaluate(
        """() => {
            window.said = [];
            new MutationObserver(() => {
                for (const voice of document.querySelectorAll('[aria-live=polite].unseen')) {
                    window.said.push(voice.textContent);
                }
            }).observe(document.body, { childList: true, characterData: true, subtree: true });
        }"""
    )
    write(page, "slow 1")
    generate(page)
    page.wait_for_function("() => window.said.includes('Done')")
    said = page.evaluate("() => window.said")
    assert "Sending…" in said
    assert "Generating…" in said


def test_the_keyboard_alone_is_enough(open_page: Open, studio: NodeProcess) -> None:
    page = open_page(studio, ENGLISH)

    def tab_to(selector: str) -> None:
        for _ in range(40):
            page.keyboard.press("Tab")
            if page.evaluate("one => document.activeElement.matches(one)", selector):
                return
        raise AssertionError(f"the keyboard does not reach {selector}")

    tab_to("[data-language=en]")
    tab_to("#mode input")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("() => document.documentElement.dataset.mode === 'clone'")
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("() => document.documentElement.dataset.mode === 'preset'")
    tab_to("#text textarea")
    page.keyboard.type("by keyboard")
    tab_to("#voice input")
    tab_to("#generate")
    page.keyboard.press("Enter")
    page.locator("#result .player").wait_for()
    tab_to("#result .play")
    page.keyboard.press("Space")
    page.wait_for_function("() => window.studio.sound.currentTime > 0.1")
    tab_to("#result input[type=range]")
    page.keyboard.press("Home")
    tab_to("#history .delete")
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.activeElement.closest('dialog')?.id === 'delete-dialog'")
    page.keyboard.press("Escape")
    page.wait_for_function("() => document.activeElement.matches('#history .delete')")
    # In the text itself: Shift+Enter is the button.
    page.locator("#text textarea").press("Shift+Enter")
    page.locator("#history li", has_text="by keyboard").nth(1).wait_for()


@pytest.mark.parametrize("language", [CHINESE, ENGLISH])
def test_a_phone_shows_it_all(
    open_page: Open, studio: NodeProcess, language: str, tmp_path: Path, artefacts: Path
) -> None:
    page = open_page(studio, language, width=360, is_mobile=True, has_touch=True)
    write(page, "手机")
    generate(page)
    for mode in ("preset", "clone", "cross_lingual", "instruct", "convert"):
        page.locator(f"#mode label:has(input[value={mode}])").tap()
        page.wait_for_function("mode => document.documentElement.dataset.mode === mode", arg=mode)
        assert page.evaluate("() => document.documentElement.scrollWidth") == 360, mode
        wide = page.evaluate(
            """() => [...document.querySelectorAll('.gradio-container *')]
                .filter(one => one.checkVisibility() && !one.closest('.unseen'))
                .filter(one => one.getBoundingClientRect().right > 361)
                .map(one => one.outerHTML.slice(0, 120))"""
        )
        assert wide == [], mode
    size = page.locator("#generate").bounding_box()
    assert size is not None
    assert size["width"] > 280
    assert size["height"] >= 44
    page.screenshot(path=artefacts / f"page-phone-{language}.png", full_page=True)


def test_nothing_of_gradios_own_is_left(open_page: Open, studio: NodeProcess) -> None:
    page = open_page(studio, ENGLISH)
    assert page.locator("footer").count() == 0
    assert "Gradio" not in page.locator("body").inner_text()
    assert page.locator("meta[property^='og:'], link[rel=manifest]").count() == 0
    assert "rs5" in page.locator("#foot").inner_text()
    icon = studio.get("/favicon.ico")
    assert icon.status_code == 200
    assert b"#0f766e" in icon.content
    html = studio.get("/").text
    assert "raw.githubusercontent" not in html
    assert "gradio.app" not in html.split("window.gradio_config")[0]
