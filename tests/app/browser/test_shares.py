"""What a person sees of a share: looking and typing cost nothing, too many jobs are refused."""

from pathlib import Path

from playwright.sync_api import expect

from tests.app.browser.conftest import ENGLISH, Open
from tests.app.browser.page_actions import choose_mode, generate, give, recording
from tests.app.node_process import running

SENTENCE = "Say [M][AY1] name as you would in a sentence of any length"


def test_one_job_too_many_in_a_minute_is_refused(open_page: Open, tmp_path: Path) -> None:
    # Few, for a machine that has other work may take a minute to do many.
    options = ("--engine", "studio", "--enable-queue", "--client-rate", "3")
    with running(tmp_path, *options) as node:
        node.wait_ready()
        page = open_page(node, ENGLISH)
        page.locator("#text textarea").press_sequentially(SENTENCE)
        for _ in range(3):
            generate(page)
        page.locator("#generate").click()
        toast = page.locator("[data-testid=toast-text]")
        toast.filter(has_text="too many requests within a minute").wait_for()
        page.wait_for_function("() => !document.documentElement.classList.contains('busy')")
        expect(page.locator("#generate")).to_be_visible()
        expect(page.locator("#generate")).to_be_enabled()
        expect(page.locator("#pending")).to_have_text("", use_inner_text=True)
        assert not page.locator("#marks .marks").is_visible()


def test_the_page_says_why_an_upload_is_refused(open_page: Open, tmp_path: Path) -> None:
    with running(tmp_path, "--engine", "studio", "--upload-rate", "1") as node:
        node.wait_ready()
        page = open_page(node, ENGLISH)
        choose_mode(page, "clone")
        give(page, "reference", recording(tmp_path / "voice.wav"))
        page.locator("#reference input[type=file]").set_input_files(tmp_path / "voice.wav")
        note = page.locator("#reference .clip-note.trouble")
        note.wait_for()
        assert "this client may upload 1 MiB in 10 minutes; try again in" in note.inner_text()
