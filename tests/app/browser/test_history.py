"""The history: all nodes' outputs, searched, played, fetched, deleted, made again."""

from datetime import UTC, datetime

from playwright.sync_api import Page, expect

from app.outputs.names import new_stem
from app.outputs.record import OutputRecord
from app.sound.wav import wav
from tests.app.browser.conftest import CHINESE, ENGLISH, Open
from tests.app.browser.page_actions import audio_of, generate, show_more, write
from tests.app.node_process import NodeProcess


def put(node: NodeProcess, text: str, node_name: str = "rs3") -> str:
    """An output another node has made."""
    created = datetime.now(UTC)
    stem = new_stem(created, node_name)
    record = OutputRecord("id", node_name, "other", created.isoformat(), 1.0, text, "v<b>", 1.5, 7)
    (node.outputs / f"{stem}.wav").write_bytes(wav(b"\0\0" * 8000, 8000))
    (node.outputs / f"{stem}.json").write_bytes(record.to_json())
    return stem


def item(page: Page, stem: str) -> str:
    return f"#history li[data-stem='{stem}']"


def test_what_another_node_made_is_text_not_markup(open_page: Open, studio: NodeProcess) -> None:
    page = open_page(studio, CHINESE)
    text = "<img src=x onerror=alert(1)> ${alert(2)} {{value}} 另一个节点"
    stem = put(studio, text)
    page.locator("#refresh").click()
    found = page.locator(item(page, stem))
    found.wait_for()
    assert found.locator(".said").inner_text() == text
    assert found.locator(".facts .node").inner_text() == "rs3"
    assert page.locator("#history img").count() == 0
    found.locator("summary").click()
    told = found.locator("details").inner_text()
    assert "×" in found.locator(".facts").inner_text()
    assert all(value in told for value in ("v<b>", "1.5", "7", "other"))
    found.locator(".play").click()
    page.wait_for_function("() => window.studio.sound.duration > 0.9")
    with page.expect_download() as download:
        found.locator("a[download]").click()
    assert download.value.suggested_filename == f"{stem}.wav"


def test_search_and_more(open_page: Open, studio: NodeProcess) -> None:
    stems = [put(studio, f"needle number{number:02d}", "rs4") for number in range(23)]
    page = open_page(studio, ENGLISH)
    expect(page.locator("#history li")).to_have_count(20)
    page.locator("#search input, #search textarea").fill("NEEDLE ＮＵＭＢＥＲ07")
    page.wait_for_function("() => document.querySelectorAll('#history li').length === 1")
    assert page.locator(item(page, stems[7])).count() == 1
    page.locator("#search input, #search textarea").fill("needle rs4")
    page.wait_for_function("() => document.querySelectorAll('#history li').length === 20")
    page.locator("#history .more").click()
    page.wait_for_function("() => document.querySelectorAll('#history li').length === 23")
    expect(page.locator("#history .more")).to_have_count(0)
    page.locator("#search input, #search textarea").fill("nowhere to be found")
    page.locator("#history", has_text="No matches.").wait_for()


def test_delete_asks_first(open_page: Open, studio: NodeProcess) -> None:
    stem = put(studio, "to be deleted")
    page = open_page(studio, ENGLISH)
    page.locator(item(page, stem)).locator(".delete").click()
    dialog = page.locator("#delete-dialog")
    assert "to be deleted" in dialog.inner_text()
    page.keyboard.press("Escape")
    assert (studio.outputs / f"{stem}.wav").exists()
    page.locator(item(page, stem)).locator(".delete").click()
    dialog.get_by_role("button", name="Delete").click()
    page.locator(item(page, stem)).wait_for(state="detached")
    assert not (studio.outputs / f"{stem}.wav").exists()
    assert not (studio.outputs / f"{stem}.json").exists()
    expect(page.locator("#history-note")).to_contain_text("Deleted.", use_inner_text=True)


def test_what_is_gone_is_told_when_it_is_played(open_page: Open, studio: NodeProcess) -> None:
    stem = put(studio, "vanishing")
    page = open_page(studio, ENGLISH)
    (studio.outputs / f"{stem}.wav").unlink()
    found = page.locator(item(page, stem))
    found.locator(".play").click()
    found.get_by_text("Cannot be played").wait_for()


def test_make_again_gives_the_same_bytes(open_page: Open, studio: NodeProcess) -> None:
    page = open_page(studio, ENGLISH)
    write(page, "the same once more")
    page.locator("#speed input[type=number]").fill("1.5")
    page.locator("#speed input[type=number]").press("Tab")
    show_more(page)
    page.locator("#format input[value=flac]").check()
    generate(page)
    first = audio_of(page, studio)
    seed = page.locator("#result .seed").inner_text()
    # Another page of the same browser, which knows nothing of it but its cookie.
    other = open_page(studio, ENGLISH, storage_state=page.context.storage_state())
    other.locator("#history .again").first.click()
    other.wait_for_function(
        "seed => document.querySelector('#seed input').value === seed", arg=seed
    )
    expect(other.locator("#text textarea")).to_have_value("the same once more")
    expect(other.locator("#lock input")).to_be_checked()
    expect(other.locator("#format input[value=flac]")).to_be_checked()
    generate(other)
    assert audio_of(other, studio) == first
    assert first.startswith(b"fLaC")
