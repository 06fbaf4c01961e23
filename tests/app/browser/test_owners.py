"""Two browsers in which nobody logs in, and one that is told whose is what."""

import re

import pytest
from playwright.sync_api import expect

from tests.app.access.test_keys import ALICE, BOB, keys_file
from tests.app.browser.conftest import CHINESE, ENGLISH, Open
from tests.app.browser.page_actions import generate, trouble, write
from tests.app.browser.test_history import item
from tests.app.node_process import NodeProcess, running


def _made(source: str | None) -> str:
    found = re.fullmatch(r"outputs/(.+)\.\w+", source or "")
    assert found, source
    return found[1]


def test_what_one_makes_the_other_does_not_see(open_page: Open, studio: NodeProcess) -> None:
    mine, theirs = open_page(studio, ENGLISH), open_page(studio, CHINESE)
    expect(mine.locator("#who-sees")).to_contain_text("Only this browser", use_inner_text=True)
    expect(theirs.locator("#who-sees")).to_contain_text("只有在这个浏览器里", use_inner_text=True)
    assert mine.evaluate("() => document.cookie") == ""
    write(mine, "for my ears alone")
    generate(mine)
    source = mine.locator("#result .player").get_attribute("data-source")
    stem = _made(source)
    mine.locator(item(mine, stem)).locator(".delete").wait_for()
    assert mine.request.get(f"{studio.url}/{source}").ok
    write(theirs, "something else")
    generate(theirs)
    their_stem = _made(theirs.locator("#result .player").get_attribute("data-source"))
    theirs.locator(item(theirs, their_stem)).wait_for()
    expect(theirs.locator(item(theirs, stem))).to_have_count(0)
    assert "for my ears alone" not in theirs.content()
    assert theirs.request.get(f"{studio.url}/{source}").status == 404
    mine.reload()
    mine.locator(item(mine, stem)).wait_for()
    expect(mine.locator(item(mine, their_stem))).to_have_count(0)
    expect(mine.locator("#whose")).to_be_hidden()


def test_a_browser_without_cookies_is_told_so(open_page: Open, studio: NodeProcess) -> None:
    page = open_page(studio, ENGLISH)
    page.context.clear_cookies()
    before = len(list(studio.outputs.glob("*.wav")))
    write(page, "nobody's")
    page.locator("#generate").click()
    assert "keeps no cookie" in trouble(page)
    assert len(list(studio.outputs.glob("*.wav"))) == before


@pytest.mark.long
def test_logins_and_a_choice_of_whose(
    open_page: Open, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Where everybody sees everything, one's own can be looked at alone, and deleted."""
    folder = tmp_path_factory.mktemp("all")
    keys = keys_file(folder, f"alice:{ALICE}\nbob:{BOB}\n")
    arguments = ("--engine", "studio", "--enable-queue", "--api-keys-file", str(keys))
    with running(folder, *arguments, "--history", "all") as node:
        node.wait_until(lambda: node.get("/readyz").is_success)
        alice, bob = (
            open_page(node, ENGLISH, http_credentials={"username": "any", "password": key})
            for key in (ALICE, BOB)
        )
        told = alice.locator("#who-sees")
        expect(told).to_contain_text("Everyone who can open this page", use_inner_text=True)
        expect(told).to_contain_text("Only you can delete it.", use_inner_text=True)
        write(alice, "hello from alice")
        generate(alice)
        stem = _made(alice.locator("#result .player").get_attribute("data-source"))
        bob.locator("#refresh").click()
        found = bob.locator(item(bob, stem))
        found.locator(".again").wait_for()
        expect(found.locator(".delete")).to_have_count(0)
        bob.locator("#whose input[value=mine]").check()
        found.wait_for(state="detached")
        alice.locator("#whose input[value=mine]").check()
        alice.locator(item(alice, stem)).locator(".delete").wait_for()
