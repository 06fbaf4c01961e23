"""The time that the page takes in a real browser, its cache empty."""

import shutil
import statistics

from playwright.sync_api import sync_playwright


def load_seconds(url: str, times: int) -> float:
    """Median until the text can be typed: the page is drawn and its script runs.

    Needs Debian's package chromium.
    """
    found: list[float] = []
    with sync_playwright() as player:
        browser = player.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        for _ in range(times):
            context = browser.new_context()
            page = context.new_page()
            page.goto(url)
            page.locator("textarea").first.wait_for()
            found.append(page.evaluate("performance.now()") / 1000)
            context.close()
        browser.close()
    return statistics.median(found)
