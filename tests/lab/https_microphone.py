"""A browser in the client's network that records a clip by its microphone over HTTPS and has it
cloned: prints the page's address, and the node that spoke."""

import json
import re
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.app.browser.conftest import ARGUMENTS, CHROMIUM
from tests.app.browser.page_actions import choose_mode, generate, write

_SIZE = "async url => (await (await fetch(url)).arrayBuffer()).byteLength"


def clone(page: Page) -> str:
    """Record for three seconds and speak; the place of the sound."""
    choose_mode(page, "clone")
    button = page.locator("#reference .clip-record")
    button.click()
    page.wait_for_function(
        "() => Number(document.querySelector('#reference .clip-record output').value) > 3"
    )
    button.click()
    page.locator("#reference-verdict .verdict").wait_for()
    page.locator("#transcript textarea").fill("the words of the recording")
    write(page, "in the voice of the recording")
    generate(page)
    return str(page.locator("#result .player").get_attribute("data-source"))


def main(name: str, vip: str, home: str, microphone: Path) -> None:
    rules = ",".join(f"MAP {name}:{port} {vip}:{port}" for port in (80, 443))
    arguments = [*ARGUMENTS, f"--host-resolver-rules={rules}"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[*arguments, f"--use-file-for-fake-audio-capture={microphone}"],
            env={"HOME": home},
        )
        page = browser.new_context(locale="en-US").new_page()
        page.set_default_timeout(120_000)
        page.goto(f"http://{name}/")
        source = clone(page)
        size = page.evaluate(_SIZE, source)
        node = re.search(r"(rs\d+)", source.rpartition("/")[2])
        told = {"url": page.url, "node": node and node[1], "bytes": size}
        browser.close()
    print(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], Path(sys.argv[4]))
