"""Marks are checked after a pause in typing, and no verdict outlives the text it was about."""

import json

import pytest
from playwright.sync_api import Page, Request, Route

from tests.app.browser.conftest import ENGLISH, Open
from tests.app.browser.page_actions import write
from tests.app.node_process import NodeProcess

SENTENCE = "Say [M][AY1] name as you would in a sentence of any length"
CHECKS = "**/gradio_api/run/predict*"
WRONG, RIGHT = "say [M][AY9]", "say [M][AY1]"


def text_of(request: Request) -> str:
    """The text a request wants checked; empty for another one."""
    data = json.loads(request.post_data or "{}").get("data") or [""]
    return data[0] if isinstance(data[0], str) else ""


def type_in(page: Page, texts: list[str]) -> None:
    """Have these stand in the box one after the other, with rests of 15 ms by the page's own clock:
    by this process's they might be longer than a rest that ends the typing."""
    page.locator("#text textarea").evaluate(
        """async (box, texts) => {
            for (const text of texts) {
                box.value = text;
                box.dispatchEvent(new Event("input", { bubbles: true }));
                await new Promise((go_on) => setTimeout(go_on, 15));
            }
        }""",
        texts,
    )


def check_is_hidden(page: Page) -> None:
    page.locator("#marks .marks").wait_for(state="hidden")


def test_a_sentence_takes_a_handful_of_requests(open_page: Open, studio: NodeProcess) -> None:
    page = open_page(studio, ENGLISH)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    with page.expect_response(lambda answer: text_of(answer.request) == SENTENCE):
        type_in(page, [SENTENCE[: length + 1] for length in range(len(SENTENCE))])
    assert len(asked) < 6, asked
    asked.clear()
    with page.expect_response(lambda answer: text_of(answer.request) == WRONG):
        type_in(page, ["a text without any", WRONG])
    page.locator("#marks .marks").wait_for()
    assert len(asked) == 1


@pytest.mark.parametrize("status", [429, 500, None], ids=["refused", "failed", "broken off"])
def test_a_check_that_fails_leaves_no_verdict(
    open_page: Open, studio: NodeProcess, status: int | None
) -> None:
    page = open_page(studio, ENGLISH)
    write(page, WRONG)
    page.locator("#marks .marks").wait_for()

    def refuse(route: Route) -> None:
        if text_of(route.request) != RIGHT:
            route.continue_()
        elif status is None:
            route.abort()
        else:
            route.fulfill(status=status, json={"detail": "no"})

    page.route(CHECKS, refuse)
    write(page, RIGHT)
    check_is_hidden(page)
    page.unroute(CHECKS)
    write(page, WRONG + " ")
    page.locator("#marks .marks").wait_for()


def test_a_late_answer_says_nothing_of_a_newer_text(open_page: Open, studio: NodeProcess) -> None:
    page = open_page(studio, ENGLISH)
    held: list[Route] = []
    seen: list[str] = []

    def hold(route: Route) -> None:
        seen.append(text_of(route.request))
        if seen[-1] == WRONG:
            held.append(route)
        elif seen[-1] == RIGHT:
            route.fulfill(status=500, json={"detail": "no"})
        else:
            route.continue_()

    page.route(CHECKS, hold)
    with page.expect_request(lambda request: text_of(request) == WRONG):
        write(page, WRONG)
    page.evaluate(
        "() => document.querySelector('#check').addEventListener("
        "'click', () => { window.pressed = true })"
    )
    write(page, RIGHT)
    # Typing has rested: the newer question waits for the answer to the older.
    page.wait_for_function("() => window.pressed")
    with page.expect_request(lambda request: text_of(request) == RIGHT):
        held[0].continue_()
    page.locator("#marks .marks").wait_for(state="attached")
    check_is_hidden(page)
