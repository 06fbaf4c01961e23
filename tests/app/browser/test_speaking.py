"""Text in, sound out; what is said on the way; cancelling."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.app.browser.conftest import CHINESE, ENGLISH, Open
from tests.app.browser.page_actions import audio_of, generate, records, show_more, trouble, write
from tests.app.node_process import NodeProcess


def test_type_click_hear_with_espeak(open_page: Open, node: NodeProcess, artefacts: Path) -> None:
    page = open_page(node, CHINESE)
    text = "各位听众，大家好。"
    write(page, text)
    generate(page)
    assert page.locator("#result .node").inner_text() == "rs1"
    record = json.loads(max(node.outputs.glob("*-rs1-*.json")).read_text(encoding="utf-8"))
    assert record["text"] == text
    assert audio_of(page, node)[:4] == b"RIFF"
    # The browser itself decodes and plays it.
    page.locator("#result .play").click()
    page.wait_for_function("() => window.studio.sound.currentTime > 0.1")
    seconds = page.evaluate("() => window.studio.sound.duration")
    assert seconds == pytest.approx(record["duration"], abs=0.05)
    with page.expect_download() as download:
        page.locator("#result a[download]").click()
    assert download.value.suggested_filename.endswith(".wav")
    page.screenshot(path=artefacts / "page-espeak.png", full_page=True)


def test_what_the_engine_lacks_is_not_shown(open_page: Open, node: NodeProcess) -> None:
    page = open_page(node, ENGLISH)
    assert page.locator("#voice").is_visible()
    for absent in ("#mode", "#reference", "#source", "#instruction", "#transcript"):
        assert not page.locator(absent).is_visible(), absent


@pytest.mark.parametrize(
    ("name", "begins"), [("mp3", b"\xff"), ("flac", b"fLaC"), ("opus", b"OggS")]
)
def test_formats_that_the_browser_plays(
    open_page: Open, studio: NodeProcess, name: str, begins: bytes
) -> None:
    page = open_page(studio, ENGLISH)
    show_more(page)
    page.locator(f"#format input[value={name}]").check()
    write(page, f"in {name}")
    generate(page)
    content = audio_of(page, studio)
    assert content.startswith((begins, b"ID3"))
    page.locator("#result .play").click()
    page.wait_for_function("() => window.studio.sound.duration > 0.3")


def test_seed_dice_and_lock(open_page: Open, studio: NodeProcess) -> None:
    page = open_page(studio, ENGLISH)
    show_more(page)
    seed = page.locator("#seed input")
    write(page, "seeds")
    generate(page)
    first = seed.input_value()
    assert page.locator("#result .seed").inner_text() == first
    generate(page)
    second = seed.input_value()
    assert second != first, "an unlocked seed is new each time"
    page.locator("#lock input").check()
    generate(page)
    assert page.locator("#result .seed").inner_text() == second
    page.locator("#dice").click()
    page.wait_for_function(
        "before => document.querySelector('#seed input').value !== before", arg=second
    )
    assert 1 <= int(seed.input_value()) <= 100_000_000
    seed.fill("100000001")
    page.locator("#generate").click()
    assert "100000001" in trouble(page)


def test_the_text_is_counted_and_too_much_is_told(open_page: Open, studio: NodeProcess) -> None:
    page = open_page(studio, ENGLISH)
    count = page.locator("#counter .count")
    write(page, "𠮷野家 ab")
    expect(count).to_have_text(re.compile("^6 / 60"), use_inner_text=True)
    write(page, "很" * 61)
    expect(count).to_contain_text("61 / 60", use_inner_text=True)
    expect(count).to_contain_text("too long", use_inner_text=True)
    expect(page.locator("#text textarea")).to_have_attribute("aria-invalid", "true")
    page.locator("#generate").click()
    assert "at most 60" in trouble(page)


def test_a_wrong_annotation_is_marked_while_typing(open_page: Open, studio: NodeProcess) -> None:
    page = open_page(studio, ENGLISH)
    before = len(records(studio))
    page.locator("#text textarea").press_sequentially("say [M][AY9]")
    mark = page.locator("#marks button").first
    mark.wait_for()
    assert "character 8" in mark.inner_text()
    assert "[AY9]" in mark.inner_text()
    mark.click()
    selected = page.evaluate(
        "() => { const area = document.querySelector('#text textarea');"
        "return area.value.slice(area.selectionStart, area.selectionEnd); }"
    )
    assert selected == "[AY9]"
    page.locator("#marks .mend").click()
    page.locator("#marks .marks").wait_for(state="detached")
    assert re.fullmatch(r"say \[M\]\[AY[012]\]", page.locator("#text textarea").input_value())
    assert len(records(studio)) == before, "nothing was made"


def test_it_is_heard_while_it_is_made(open_page: Open, studio: NodeProcess) -> None:
    page = open_page(studio, ENGLISH)
    speed = page.locator("#speed input[type=range]")
    assert speed.is_enabled()
    show_more(page)
    page.locator("#stream input").check()
    # This engine has one speed while streaming: the slider rests, and says why.
    page.locator("#speed", has_text="cannot be changed").wait_for()
    assert speed.is_disabled()
    # Seven seconds in which to see that there is no file yet.
    write(page, "slow 8")
    page.locator("#generate").click()
    page.wait_for_function("() => window.studio.live.seconds > 0.5")
    assert page.locator("#result .player").count() == 0, "there is sound before there is a file"
    assert page.locator("#live").is_visible()
    page.locator("#result .player").wait_for()
    heard = page.evaluate("() => window.studio.live.seconds")
    assert heard == pytest.approx(records(studio)[-1]["duration"], abs=0.01)
    assert records(studio)[-1]["stream"] is True


def test_cancel_stops_the_work(open_page: Open, studio: NodeProcess) -> None:
    page = open_page(studio, ENGLISH)
    before = studio.status()["jobs"]["cancelled"]
    kept = len(records(studio))
    write(page, "slow 100")
    assert not page.locator("#cancel").is_visible()
    page.locator("#generate").click()
    page.locator("#status", has_text="so far").wait_for()
    page.locator("#cancel").click()
    page.locator("#status", has_text="Cancelled.").wait_for()
    studio.wait_until(lambda: studio.status()["jobs"]["cancelled"] == before + 1)
    studio.wait_until(lambda: studio.status()["jobs"]["running"] == 0)
    assert len(records(studio)) == kept
    write(page, "and on it goes")
    generate(page)


def test_a_closed_page_stops_the_work(open_page: Open, studio: NodeProcess) -> None:
    page = open_page(studio, ENGLISH)
    before = studio.status()["jobs"]["cancelled"]
    write(page, "slow 100")
    page.locator("#generate").click()
    studio.wait_until(lambda: studio.status()["jobs"]["running"] == 1)
    page.close()
    studio.wait_until(lambda: studio.status()["jobs"]["running"] == 0)
    assert studio.status()["jobs"]["cancelled"] == before + 1


@pytest.mark.parametrize(
    ("language", "place", "full"),
    [(ENGLISH, "position 1 of 1", "queue is full"), (CHINESE, "第 1 位", "队列已满")],
)
def test_who_waits_sees_the_place_and_who_cannot_is_told(
    open_page: Open, studio: NodeProcess, language: str, place: str, full: str
) -> None:
    first, second, third = (open_page(studio, language) for _ in range(3))
    write(first, "slow 100")
    first.locator("#generate").click()
    first.locator("#status [data-step=working]").wait_for()
    write(second, "slow 1")
    second.locator("#generate").click()
    second.locator("#pending", has_text=place).wait_for()
    write(third, "no place")
    third.locator("#generate").click()
    third.locator("[data-testid=toast-text]", has_text=full).wait_for()
    assert not third.locator("#cancel").is_visible()
    first.locator("#cancel").click()
    second.locator("#result .player").wait_for()
