"""Every mode of the page, as a browser at the VIP uses it."""

import re
from pathlib import Path

from playwright.sync_api import Page

from tests.app.browser.page_actions import choose_mode, give, write

MODES = ("preset", "clone", "cross_lingual", "instruct", "convert")


def fill(tab: Page, mode: str, voice: Path, words: Path) -> None:
    """Fill the page in for a mode, with a recording of a voice and one to convert."""
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


def heard(tab: Page) -> str:
    """Wait for the sound, ask for it as the browser does, and return the node that made it."""
    tab.locator("#status [data-step=finished]").wait_for()
    source = tab.locator("#result .player").get_attribute("data-source") or ""
    answer = tab.request.get(f"{tab.url.rstrip('/')}/{source}")
    assert answer.ok and answer.body()[:4] == b"RIFF", source
    name = re.search(r"(rs\d+)", source.rpartition("/")[2])
    assert name, source
    return name[1]
