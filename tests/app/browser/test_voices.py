"""Voices: a recording is saved as one; they are searched, heard, chosen and deleted."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.app.browser.conftest import CHINESE, ENGLISH, Open
from tests.app.browser.page_actions import choose_mode, generate, give, recording, records, write
from tests.app.browser.test_access import violations
from tests.app.node_process import NodeProcess

ROWS = "#voices-list li"


@pytest.fixture(autouse=True)
def no_voices(studio: NodeProcess) -> Iterator[None]:
    yield
    with studio.client() as client:
        for voice in client.get("/v1/audio/voices").json()["voices"]:
            if voice["registered"]:
                client.delete(f"/v1/audio/voices/{voice['id']}")


def register(node: NodeProcess, path: Path, name: str) -> str:
    with node.client() as client:
        answer = client.post(
            "/v1/audio/voices",
            data={"name": name, "language": "en-GB"},
            files={"audio_sample": ("voice.wav", recording(path).read_bytes(), "audio/wav")},
        )
    return str(answer.json()["id"])


def browse(page: Page) -> None:
    page.locator("#browse-voices").click()
    page.locator(ROWS).first.wait_for()


def test_a_recording_becomes_a_voice_with_a_name(
    open_page: Open, studio: NodeProcess, tmp_path: Path
) -> None:
    page = open_page(studio, CHINESE)
    choose_mode(page, "clone")
    give(page, "reference", recording(tmp_path / "voice.wav"))
    page.locator("#transcript textarea").fill("录音里的话")
    page.locator("#reference-verdict .clip-save").press("Enter")
    name = page.locator("#save-name")
    expect(name).to_be_focused()
    expect(page.locator("#save-words")).to_have_value("录音里的话")
    assert violations(page) == []
    name.press("Enter")
    expect(page.locator("#save-note")).to_have_text("请给这个声音起个名称。")
    expect(name).to_have_attribute("aria-invalid", "true")
    page.keyboard.type("阿明 <b>&")
    page.locator("#save-language").select_option("zh")
    name.press("Enter")
    expect(page.locator("#save-dialog")).to_be_hidden()
    expect(page.locator("#reference .clip-note")).to_contain_text("阿明 <b>&")
    # It speaks without the recording, on a page that was open all the time.
    page.locator("#reference-verdict .clip-remove").click()
    browse(page)
    row = page.locator(ROWS).first
    assert row.locator("strong").inner_text() == "阿明 <b>&"
    assert "中文" in row.inner_text()
    row.locator(".voice-use").press("Enter")
    expect(page.locator("#voices-dialog")).to_be_hidden()
    expect(page.locator("#saved-voice input")).to_have_value("阿明 <b>& · zh")
    write(page, "用保存的声音")
    generate(page)
    record = records(studio)[-1]
    assert (record["mode"], record["reference_transcript"]) == ("clone", "录音里的话")


def test_voices_are_found_heard_and_chosen(open_page: Open, studio: NodeProcess) -> None:
    page = open_page(studio, ENGLISH)
    before = len(records(studio))
    browse(page)
    expect(page.locator(ROWS)).to_have_count(2)
    assert violations(page) == []
    page.locator("#voices-search").fill("CHINESE")
    expect(page.locator(ROWS)).to_have_count(1)
    sample = page.get_by_role("button", name="Listen to Ming")
    sample.click()
    page.wait_for_function("() => window.studio.sound.currentTime > 0.1")
    expect(page.locator("#voices-note")).to_have_text("Voices: 1")
    page.locator("#voices-search").fill("nobody")
    expect(page.locator("#voices-note")).to_have_text("No matches.")
    page.locator("#voices-search").fill("ming")
    page.get_by_role("button", name="Use Ming").click()
    expect(page.locator("#voice input")).to_have_value("Ming")
    assert len(records(studio)) == before, "samples are not in the history"
    page.locator("#browse-voices").press("Enter")
    page.locator(ROWS).first.wait_for()
    page.keyboard.press("Escape")
    expect(page.locator("#browse-voices")).to_be_focused()


def test_a_saved_voice_is_deleted_when_that_is_meant(
    open_page: Open, studio: NodeProcess, tmp_path: Path
) -> None:
    voice = register(studio, tmp_path / "voice.wav", "Ada")
    page = open_page(studio, ENGLISH)
    browse(page)
    expect(page.locator(ROWS)).to_have_count(3)
    # Only what somebody saved can be deleted.
    expect(page.locator(".voice-delete")).to_have_count(1)
    delete = page.get_by_role("button", name="Delete Ada")
    delete.press("Enter")
    expect(page.get_by_role("button", name="Keep it", exact=True)).to_be_focused()
    assert violations(page) == []
    page.keyboard.press("Enter")
    expect(delete).to_be_focused()
    page.route("**/v1/audio/voices/*", lambda route: route.abort())
    delete.click()
    page.locator(".voice-yes").click()
    expect(page.locator("#voices-note")).to_have_text("There was no answer. Please try again.")
    page.unroute("**/v1/audio/voices/*")
    page.locator(".voice-yes").click()
    expect(page.locator("#voices-note")).to_have_text("Deleted “Ada”.")
    expect(page.locator(ROWS)).to_have_count(2)
    assert voice not in studio.get("/v1/audio/voices").text
    page.keyboard.press("Escape")
    choose_mode(page, "clone")
    expect(page.locator("#saved-voice")).to_be_hidden()


def test_a_saved_voice_gets_another_name(
    open_page: Open, studio: NodeProcess, tmp_path: Path
) -> None:
    voice = register(studio, tmp_path / "voice.wav", "Ada")
    page = open_page(studio, ENGLISH)
    browse(page)
    expect(page.locator(".voice-rename")).to_have_count(1)
    rename = page.get_by_role("button", name="Rename Ada")
    rename.press("Enter")
    name = page.get_by_role("textbox", name="Name", exact=True)
    expect(name).to_be_focused()
    expect(name).to_have_value("Ada")
    assert violations(page) == []
    page.get_by_role("button", name="Cancel", exact=True).last.press("Enter")
    expect(rename).to_be_focused()
    rename.click()
    name.fill(" ")
    name.press("Enter")
    expect(page.locator("#voices-note")).to_have_text("Give the voice a name.")
    name.fill("Grace <b>&")
    name.press("Enter")
    expect(page.locator("#voices-note")).to_have_text("Renamed to “Grace <b>&”.")
    expect(page.get_by_role("button", name="Rename Grace <b>&")).to_be_focused()
    assert "Grace <b>&" in studio.get("/v1/audio/voices").json()["voices"][-1]["name"]
    # It is the same voice, also where it had been offered before.
    page.keyboard.press("Escape")
    choose_mode(page, "clone")
    expect(page.locator("#saved-voice")).to_be_visible()
    assert voice in studio.get("/v1/audio/voices").text


@pytest.mark.long
def test_an_engine_without_recordings_has_a_list_too(open_page: Open, node: NodeProcess) -> None:
    page = open_page(node, ENGLISH)
    browse(page)
    assert page.locator("#save-dialog").count() == 0
    page.locator("#voices-search").fill("german")
    page.locator(".voice-use").press("Enter")
    expect(page.locator("#voice input")).to_have_value("German")
