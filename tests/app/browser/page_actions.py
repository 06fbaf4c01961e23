"""Actions of a person on the page."""

import json
import math
import wave
from array import array
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.app.node_process import NodeProcess


def choose_mode(page: Page, mode: str) -> None:
    page.locator(f"#mode input[value={mode}]").check()
    page.wait_for_function("mode => document.documentElement.dataset.mode === mode", arg=mode)


def write(page: Page, text: str) -> None:
    page.locator("#text textarea").fill(text)


def show_more(page: Page) -> None:
    """Open the settings that few people need."""
    page.locator("#more-toggle[aria-expanded=false]").click()
    page.locator("#more-toggle[aria-expanded=true]").wait_for()


def give(page: Page, field: str, path: Path) -> None:
    """Choose a file and wait for the verdict on it."""
    page.locator(f"#{field} input[type=file]").set_input_files(path)
    page.locator(f"#{field}-verdict .verdict").wait_for()


def generate(page: Page) -> None:
    """Press the button and wait for the sound."""
    before = page.locator("#result .seed").all_inner_texts()
    address = page.locator("#result .player").get_attribute("data-source") if before else None
    page.locator("#generate").click()
    page.wait_for_function(
        """before => {
            const player = document.querySelector('#result .player');
            return document.querySelector('#status [data-step=finished]')
                && player && player.dataset.source !== before;
        }""",
        arg=address,
    )


def trouble(page: Page) -> str:
    """Error that the page shows, at the field that it is about or below the button."""
    alert = page.locator("#status [role=alert]:not([data-field]), .mistake")
    alert.first.wait_for()
    return "\n".join(alert.all_inner_texts())


def records(node: NodeProcess) -> list[dict[str, Any]]:
    """Records that the node has kept, oldest first."""
    found = sorted(node.outputs.glob("*.json"))
    return [json.loads(path.read_text(encoding="utf-8")) for path in found]


def audio_of(page: Page, node: NodeProcess) -> bytes:
    """The bytes of the sound in the result, as this browser gets them."""
    source = page.locator("#result .player").get_attribute("data-source")
    return page.request.get(f"{node.url}/{source}").body()


def recording(path: Path, seconds: float = 4.0, peak: float = 0.5, rate: int = 48000) -> Path:
    """A WAV file that sounds a little like somebody."""
    samples = array(
        "h",
        (
            max(
                -32767,
                min(
                    32767,
                    int(
                        32767
                        * peak
                        * math.sin(2 * math.pi * 180 * i / rate)
                        * (0.6 + 0.4 * math.sin(2 * math.pi * 3 * i / rate))
                    ),
                ),
            )
            for i in range(int(seconds * rate))
        ),
    )
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())
    return path
