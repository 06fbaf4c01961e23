"""Voices from recordings: every mode, in both languages."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.app.browser.conftest import CHINESE, ENGLISH, Open
from tests.app.browser.page_actions import (
    audio_of,
    choose_mode,
    generate,
    give,
    recording,
    records,
    show_more,
    trouble,
    write,
)
from tests.app.node_process import NodeProcess, running


@pytest.mark.parametrize("language", [CHINESE, ENGLISH])
def test_every_mode(
    open_page: Open, studio: NodeProcess, tmp_path: Path, language: str, artefacts: Path
) -> None:
    page = open_page(studio, language)
    voice, words = recording(tmp_path / "voice.wav"), recording(tmp_path / "words.wav", peak=0.3)

    def made(mode: str) -> dict[str, Any]:
        page.screenshot(path=artefacts / f"page-{mode}-{language}.png", full_page=True)
        generate(page)
        record = records(studio)[-1]
        assert record["mode"] == mode
        return record

    write(page, "第一句")
    assert made("preset")["voice"] == "amy"
    choose_mode(page, "clone")
    give(page, "reference", voice)
    page.locator("#transcript textarea").fill("录音里的话")
    clone = made("clone")
    assert clone["reference_digest"]
    assert clone["reference_transcript"] == "录音里的话"
    choose_mode(page, "cross_lingual")
    # The recording is kept from mode to mode; its transcript is not sent where none belongs.
    cross = made("cross_lingual")
    assert cross["reference_digest"] == clone["reference_digest"]
    assert cross["reference_transcript"] == ""
    choose_mode(page, "instruct")
    page.locator(".chip").first.click()
    expect(page.locator("#instruction textarea")).to_have_value("请用四川话表达。")
    expect(page.locator(".chip").first).to_have_attribute("aria-pressed", "true")
    page.locator(".chip").nth(1).click()
    expect(page.locator("#instruction textarea")).to_have_value("请用广东话表达。")
    page.locator(".chip").nth(2).click()
    expect(page.locator("#instruction textarea")).to_have_value(
        "请用广东话表达。请非常开心地说一句话。"
    )
    assert made("instruct")["instruction"] == "请用广东话表达。请非常开心地说一句话。"
    choose_mode(page, "convert")
    expect(page.locator("#text")).not_to_be_visible()
    give(page, "source", words)
    convert = made("convert")
    assert convert["source_digest"]
    assert convert["text"] == ""


def test_a_clone_is_made_again_by_who_has_sent_the_recording(
    open_page: Open, studio: NodeProcess, tmp_path: Path
) -> None:
    page = open_page(studio, ENGLISH)
    choose_mode(page, "clone")
    give(page, "reference", recording(tmp_path / "voice.wav", peak=0.4))
    page.locator("#transcript textarea").fill("the words in it")
    write(page, "a clone once more")
    generate(page)
    first, digest = audio_of(page, studio), records(studio)[-1]["reference_digest"]
    page.reload()
    page.locator("#history .again").first.click()
    page.locator("#reference-verdict .verdict").wait_for()
    expect(page.locator("#transcript textarea")).to_have_value("the words in it")
    generate(page)
    assert audio_of(page, studio) == first
    assert records(studio)[-1]["reference_digest"] == digest
    # Where the recording lies only the page knows that has sent it: not another one of the history.
    cookies = page.context.storage_state().get("cookies", [])
    stranger = open_page(studio, ENGLISH, storage_state={"cookies": cookies, "origins": []})
    stranger.locator("#history .again").first.click()
    stranger.locator("#history-note", has_text="add the same recording again").wait_for()
    assert stranger.locator("#reference-verdict .verdict").count() == 0


def test_a_recording_is_checked_at_once(
    open_page: Open, studio: NodeProcess, tmp_path: Path
) -> None:
    page = open_page(studio, ENGLISH)
    choose_mode(page, "clone")
    verdict = page.locator("#reference-verdict")
    give(page, "reference", recording(tmp_path / "good.wav"))
    assert "Good recording" in verdict.inner_text()
    assert verdict.locator("svg.waveform").count() == 2
    verdict.locator(".play").click()
    page.wait_for_function("() => window.studio.sound.currentTime > 0.1")
    give(page, "reference", recording(tmp_path / "loud.wav", peak=3))
    verdict.get_by_text("clipped").wait_for()
    expect(verdict).to_contain_text("Usable", use_inner_text=True)
    give(page, "reference", recording(tmp_path / "short.wav", seconds=0.3))
    verdict.get_by_text("cannot be used").wait_for()
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"RIFF no sound at all" * 20)
    give(page, "reference", broken)
    verdict.get_by_role("alert").wait_for()
    verdict.get_by_role("button", name="Remove").click()
    verdict.locator(".verdict").wait_for(state="detached")
    write(page, "no recording")
    page.locator("#generate").click()
    assert "Add a recording of the voice" in trouble(page)


def test_speaking_into_the_microphone(open_page: Open, studio: NodeProcess) -> None:
    page = open_page(studio, ENGLISH)
    choose_mode(page, "clone")
    button = page.locator("#reference .clip-record")
    button.click()
    page.wait_for_function(
        "() => Number(document.querySelector('#reference .clip-record output').value) > 2.5"
    )
    assert button.get_attribute("aria-pressed") == "true"
    button.click()
    page.locator("#reference-verdict .verdict").wait_for()
    assert "kHz" in page.locator("#reference-verdict").inner_text()


def test_a_path_that_is_no_upload_is_refused(open_page: Open, studio: NodeProcess) -> None:
    page = open_page(studio, ENGLISH)
    choose_mode(page, "clone")
    page.route(
        "**/gradio_api/upload*",
        lambda route: route.fulfill(json=["/etc/passwd"]),
    )
    page.locator("#reference input[type=file]").set_input_files(
        {"name": "x.wav", "mimeType": "audio/wav", "buffer": b"RIFF"}
    )
    page.locator("#reference-verdict [role=alert]").wait_for()
    assert "add it again" in page.locator("#reference-verdict").inner_text()


def test_registered_voices_are_offered(
    open_page: Open, studio: NodeProcess, tmp_path: Path
) -> None:
    path = recording(tmp_path / "voice.wav")
    with studio.client() as client:
        answer = client.post(
            "/v1/audio/voices",
            data={"name": "阿明 Ming", "transcript": "录音里的话"},
            files={"audio_sample": ("voice.wav", path.read_bytes(), "audio/wav")},
        )
    assert answer.status_code in (200, 201), answer.text
    voice = answer.json()["id"]
    page = open_page(studio, ENGLISH)
    choose_mode(page, "cross_lingual")
    page.locator("#saved-voice input").click()
    page.get_by_role("option", name="阿明 Ming").click()
    write(page, "in the voice of a registered one")
    generate(page)
    record = records(studio)[-1]
    assert (record["mode"], bool(record["reference_digest"])) == ("cross_lingual", True)
    choose_mode(page, "preset")
    page.locator("#voice input").click()
    page.get_by_role("option", name="阿明 Ming").click()
    generate(page)
    assert records(studio)[-1]["reference_transcript"] == "录音里的话"
    with studio.client() as client:
        assert client.delete(f"/v1/audio/voices/{voice}").is_success
    page.locator("#generate").click()
    assert voice in trouble(page)


def test_what_another_engine_lacks_is_not_shown(open_page: Open, tmp_path: Path) -> None:
    lacks = "preset,convert,instruct,seed,speed,streaming,pinyin,phonemes"
    arguments = ("--engine", "studio", "--enable-queue")
    with running(tmp_path, *arguments, STUDIO_ENGINE_LACKS=lacks) as node:
        page = open_page(node, ENGLISH)
        show_more(page)
        values = page.eval_on_selector_all("#mode input", "all => all.map(one => one.value)")
        assert values == ["clone", "cross_lingual"]
        expect(page.locator("html")).to_have_attribute("data-mode", "clone")
        expect(page.locator("#reference")).to_be_visible()
        for absent in ("#voice", "#source", "#instruction", "#seed", "#speed", "#stream"):
            assert not page.locator(absent).is_visible(), absent
        assert page.locator("#counter code").count() == 0
