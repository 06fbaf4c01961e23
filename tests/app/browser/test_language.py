"""Two languages: the browser's, or the one that was chosen, everywhere on the page."""

import re

import pytest
from playwright.sync_api import expect

from tests.app.browser.conftest import CHINESE, ENGLISH, Open
from tests.app.browser.page_actions import choose_mode, generate, trouble, write
from tests.app.node_process import NodeProcess

HAN = re.compile(r"[\u4e00-\u9fff]")
MODES = ("preset", "clone", "cross_lingual", "instruct", "convert")


@pytest.mark.parametrize(
    ("language", "title", "tag"),
    [
        ("zh-CN", "语音合成", "zh-CN"),
        ("zh-TW", "语音合成", "zh-CN"),
        ("zh-HK", "语音合成", "zh-CN"),
        ("en-US", "Speech studio", "en"),
        ("fr-FR", "Speech studio", "en"),
    ],
)
def test_the_browser_chooses(
    open_page: Open, studio: NodeProcess, language: str, title: str, tag: str
) -> None:
    page = open_page(studio, language)
    expect(page).to_have_title(title)
    expect(page.locator("h1")).to_have_text(title, use_inner_text=True)
    expect(page.locator("html")).to_have_attribute("lang", tag)


def test_the_switch_changes_everything_and_is_remembered(
    open_page: Open, studio: NodeProcess
) -> None:
    page = open_page(studio, CHINESE)
    write(page, "keeps")
    page.get_by_role("button", name="English").click()
    page.wait_for_function("() => document.title === 'Speech studio'")
    page.locator("#generate", has_text="Generate").wait_for()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    # What was typed is still there: nothing was loaded anew.
    assert page.locator("#text textarea").input_value() == "keeps"
    page.reload()
    page.locator("#generate", has_text="Generate").wait_for()
    expect(page).to_have_title("Speech studio")
    page.get_by_role("button", name="中文").click()
    page.locator("#generate", has_text="生成语音").wait_for()
    expect(page).to_have_title("语音合成")


@pytest.mark.parametrize("mode", MODES)
def test_english_has_no_chinese_and_chinese_no_english(
    open_page: Open, studio: NodeProcess, mode: str
) -> None:
    page = open_page(studio, ENGLISH)
    choose_mode(page, mode)
    told = page.locator("#heading, #studio, #history-head, #foot").all_inner_texts()
    placeholders = page.eval_on_selector_all(
        "[placeholder]", "all => all.map(one => one.placeholder)"
    )
    english = "\n".join([*told, *placeholders]).replace("中文\n", "")
    assert HAN.findall(english) == []
    page.get_by_role("button", name="中文").click()
    page.locator("#generate", has_text="生成语音").wait_for()
    chinese = page.locator("#studio label, #studio .hint, #studio h2, #studio button")
    for text in chinese.all_inner_texts():
        known = re.sub(r"WAV|MP3|FLAC|OPUS|\d|kHz|–|-|\s|Shift|Enter|\.", "", text)
        assert not known or HAN.search(known), text


@pytest.mark.parametrize(
    ("language", "said"),
    [(CHINESE, "没有可以朗读的内容"), (ENGLISH, "no letter")],
)
def test_errors_speak_the_readers_language(
    open_page: Open, studio: NodeProcess, language: str, said: str
) -> None:
    page = open_page(studio, language)
    write(page, "😀")
    page.locator("#generate").click()
    told = trouble(page)
    assert said in told
    assert bool(HAN.search(told)) is (language == CHINESE)
    # It stays until the next try, and goes with it.
    write(page, "better")
    generate(page)
    expect(page.locator("#status [role=alert]")).to_have_count(0)
