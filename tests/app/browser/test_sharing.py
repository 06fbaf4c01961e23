"""What is copied of an output: a link, and commands that make it again, whatever its text is."""

import json
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.app.browser.conftest import CHINESE, ENGLISH, Open
from tests.app.browser.page_actions import (
    audio_of,
    choose_mode,
    generate,
    give,
    recording,
    records,
    write,
)
from tests.app.node_process import NodeProcess

AWKWARD = (
    'it\'s "quoted" $HOME `id` $(id) \\ \\n !! %s %d',
    "你好 😀 👨\u200d👩\u200d👧 <b>&amp;</b> </script>",
    "\nline two\ttab \u2028 \u202e back \U000e0041 '; id; '",
    "@file 'EOF' {braces} \"\"\" '''",
    "-d 'x' --data \\'",
)


class Listener:
    """A server that keeps the bodies it gets."""

    def __init__(self) -> None:
        self.bodies: list[Any] = []
        self.keys: list[str | None] = []
        self.cookies: list[str | None] = []
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                listener.bodies.append(json.loads(self.rfile.read(length)))
                listener.keys.append(self.headers["Authorization"])
                listener.cookies.append(self.headers["Cookie"])
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"sound")

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def listener() -> Iterator[Listener]:
    started = Listener()
    yield started
    started.server.shutdown()
    started.server.server_close()


def run(kind: str, text: str, folder: Path) -> bytes:
    """The sound that a copied command makes; it is run as somebody would who pastes it."""
    assert shutil.which("curl")
    if kind == "curl":
        command = ["sh"]
    else:
        (folder / "speak.py").write_text(text, encoding="utf-8")
        command = [sys.executable, "speak.py"]
    done = subprocess.run(command, input=text.encode(), cwd=folder, timeout=60, check=False)
    assert done.returncode == 0, text
    return next(folder.glob("speech.*")).read_bytes()


def made(page: Page, kind: str, record: dict[str, Any]) -> str:
    name = {"curl": "asCurl", "python": "asPython"}[kind]
    return str(page.evaluate(f"record => window.studio.{name}(record)", record))


@pytest.mark.parametrize("kind", ["curl", "python"])
def test_any_text_arrives_as_it_is(
    open_page: Open, studio: NodeProcess, listener: Listener, tmp_path: Path, kind: str
) -> None:
    page = open_page(studio, ENGLISH)
    record = {"mode": "preset", "voice": "a'b", "format": "wav", "speed": 1.5, "seed": 7}
    for place, text in enumerate(AWKWARD):
        told = made(page, kind, record | {"text": text, "instruction": text, "stream": False})
        folder = tmp_path / str(place)
        folder.mkdir()
        assert run(kind, told.replace(studio.url, listener.url), folder) == b"sound"
        assert listener.bodies[-1] == {
            "model": "tts-1",
            "input": text,
            "voice": "a'b",
            "instructions": text,
            "response_format": "wav",
            "speed": 1.5,
            "seed": 7,
            "stream": False,
            "normalization_options": {"normalize": False},
        }
        # Nothing that a terminal would obey or hide.
        assert re.search(r"[\u200d\u2028\u202e\U000e0041]", told) is None
        assert listener.keys[-1] is None


@pytest.mark.parametrize("kind", ["curl", pytest.param("python", marks=pytest.mark.long)])
def test_what_is_copied_makes_the_same_bytes(
    open_page: Open, studio: NodeProcess, tmp_path: Path, kind: str
) -> None:
    page = open_page(studio, ENGLISH, permissions=["clipboard-read", "clipboard-write"])
    choose_mode(page, "clone")
    give(page, "reference", recording(tmp_path / "reference.wav", seconds=2.5))
    page.locator("#transcript textarea").fill("it's what I say")
    write(page, "the same, it's said")
    generate(page)
    page.locator(f"#result [data-copy={kind}]").press("Enter")
    expect(page.locator("#result .sharing")).to_contain_text("Copied.", use_inner_text=True)
    told = page.evaluate("navigator.clipboard.readText()")
    assert run(kind, told, tmp_path) == audio_of(page, studio)
    # So does what stands in the history.
    page.locator("#history summary").first.click()
    page.locator(f"#history [data-copy={kind}]").first.click()
    expect(page.locator("#history .sharing").first).to_contain_text("Copied.", use_inner_text=True)
    assert page.evaluate("navigator.clipboard.readText()") == told


def test_a_key_is_never_in_it(
    open_page: Open, studio: NodeProcess, listener: Listener, tmp_path: Path
) -> None:
    page = open_page(studio, ENGLISH)
    page.evaluate("window.studio.keyed = true")
    record = {"mode": "preset", "text": "a", "voice": "amy", "format": "mp3", "speed": 1}
    for kind in ("curl", "python"):
        folder = tmp_path / kind
        folder.mkdir()
        told = made(page, kind, record | {"seed": 1, "stream": False})
        assert "SPEECH_API_KEY" in told
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SPEECH_API_KEY", "sk-1 $x")
            run(kind, told.replace(studio.url, listener.url), folder)
        assert listener.keys[-1] == "Bearer sk-1 $x"


def test_a_private_voice_needs_the_cookie_of_its_browser(
    open_page: Open, studio: NodeProcess, listener: Listener, tmp_path: Path
) -> None:
    page = open_page(studio, ENGLISH)
    voice = "voice_0123456789abcdef"
    record = {"mode": "clone", "text": "a", "registered_voice": voice, "format": "mp3", "speed": 1}
    for kind in ("curl", "python"):
        folder = tmp_path / kind
        folder.mkdir()
        told = made(page, kind, record | {"seed": 1, "stream": False})
        assert "the cookie cosyvoice_owner of the browser that saved the voice" in told
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SPEECH_OWNER", "x" * 43)
            run(kind, told.replace(studio.url, listener.url), folder)
        assert listener.cookies[-1] == f"cosyvoice_owner={'x' * 43}"
        # One that the operator shares needs none.
        page.evaluate("voice => window.studio.sharedVoices = [voice]", voice)
        assert "SPEECH_OWNER" not in made(page, kind, record | {"seed": 1, "stream": False})
        page.evaluate("window.studio.sharedVoices = []")


def test_a_link_is_copied_without_https_too(browser: Browser, studio: NodeProcess) -> None:
    context = browser.new_context(locale=CHINESE)
    page = context.new_page()
    own = studio.url.replace("127.0.0.1", "tts.example")
    page.goto(own)
    page.locator("#history .outputs, #history .empty").wait_for()
    write(page, "链接")
    generate(page)
    page.locator("#result [data-copy=link]").click()
    expect(page.locator("#result .sharing")).to_contain_text("已复制", use_inner_text=True)
    write(page, "")
    page.locator("#text textarea").focus()
    page.keyboard.press("Control+V")
    expect(page.locator("#text textarea")).to_have_value(re.compile(re.escape(own)))
    link = page.locator("#text textarea").input_value()
    with studio.client() as client:
        # It is for this browser alone.
        assert client.get(link.removeprefix(own)).status_code == 404
        for cookie in context.cookies():
            client.cookies[cookie.get("name", "")] = cookie.get("value", "")
        sound = client.get(link.removeprefix(own))
    assert sound.status_code == 200 and sound.content[:4] == b"RIFF"
    context.close()


def test_the_playback_speed_is_for_all_and_remembered(open_page: Open, studio: NodeProcess) -> None:
    page = open_page(studio, ENGLISH)
    write(page, "slow 1")
    generate(page)
    rate = page.locator("#result .rate")
    rate.press("Enter")
    rate.press("Enter")
    expect(rate).to_have_text(re.compile("1.5×$"))
    page.locator("#result .play").click()
    page.wait_for_function("() => window.studio.sound.currentTime > 0")
    assert page.evaluate("window.studio.sound.playbackRate") == 1.5
    page.reload()
    page.locator("#history .play").first.click()
    expect(page.locator("#history .rate").first).to_have_text(re.compile("1.5×$"))
    assert page.evaluate("window.studio.sound.playbackRate") == 1.5
    assert records(studio)[-1]["speed"] == 1.0
