"""A real Chromium before real nodes."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.app.node_process import NodeProcess, running

CHROMIUM = shutil.which("chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # A name that browsers do not trust as they do this machine.
    "--host-resolver-rules=MAP tts.example 127.0.0.1",
    # A microphone that beeps, and nobody to ask whether it may be used.
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
]
CHINESE, ENGLISH = "zh-CN", "en-GB"

Open = Callable[..., Page]

# Five seconds are little on a machine that has other work; all else has thirty by itself.
expect.set_options(timeout=30_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if CHROMIUM is None and here in item.path.parents:
            item.add_marker(pytest.mark.skip(reason="needs Debian's package chromium"))


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    # Not for the session: playwright keeps an event loop running, and other tests have their own.
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(scope="package")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeProcess]:
    """A node whose engine has every mode; one job at a time, one may wait."""
    folder = tmp_path_factory.mktemp("studio")
    arguments = ("--engine", "studio", "--enable-queue", "--queue-size", "1")
    with running(folder, *arguments, "--node-name", "rs5", "--text-limit", "60") as started:
        started.wait_ready()
        yield started


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """Opens pages. Fetching anything from elsewhere, or a script error, fails the test."""
    opened: list[Page] = []
    foreign: list[str] = []
    faults: list[str] = []

    def open_one(
        node: NodeProcess, language: str = CHINESE, width: int = 1280, **options: object
    ) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            locale=language,
            **options,  # type: ignore[arg-type]
        )
        page = context.new_page()
        own = (node.url, "data:", "blob:")
        page.on(
            "request",
            lambda request: None if request.url.startswith(own) else foreign.append(request.url),
        )
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(node.url)
        page.locator("#history .outputs, #history .empty").wait_for()
        opened.append(page)
        return page

    yield open_one
    for page in opened:
        page.context.close()
    assert foreign == []
    assert faults == []


@pytest.fixture
def artefacts() -> Path:
    """Folder in which screenshots stay after the tests."""
    folder = Path(__file__).parents[2] / "artefacts"
    folder.mkdir(exist_ok=True)
    return folder
