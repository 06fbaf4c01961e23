"""The page when nodes go: it says so, keeps what was typed, and runs the job again."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.app.browser.conftest import CHINESE, ENGLISH, Open
from tests.app.browser.page_actions import (
    choose_mode,
    generate,
    give,
    recording,
    show_more,
    trouble,
    write,
)
from tests.app.held import Held
from tests.app.session_routing.speech_nodes import NAMES, SpeechNodes

SLOW = "slow 10"


@pytest.fixture
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SpeechNodes]:
    with SpeechNodes(tmp_path_factory.mktemp("cluster"), "--engine=studio") as started:
        yield started


def mark(page: Page) -> None:
    """A reload would wipe it away."""
    page.evaluate("() => { window.sameDocument = true }")


def marked(page: Page) -> bool:
    return bool(page.evaluate("() => window.sameDocument === true"))


def finished(page: Page) -> None:
    page.locator("#status [data-step=finished]").wait_for(timeout=60_000)


def records(cluster: SpeechNodes) -> list[dict[str, Any]]:
    found = sorted(cluster.outputs.glob("*.json"))
    return [json.loads(path.read_text(encoding="utf-8")) for path in found]


@pytest.mark.parametrize(
    ("language", "gate"), [(CHINESE, "rs2"), pytest.param(ENGLISH, "rs1", marks=pytest.mark.long)]
)
def test_the_job_of_a_node_that_dies_runs_again_with_the_same_seed(
    open_page: Open, cluster: SpeechNodes, language: str, gate: str, tmp_path: Path, artefacts: Path
) -> None:
    """`gate` is the node that the browser's connections reach: another than the job's, or its."""
    # Spoken until its node is gone and the page has said so.
    held = Held(tmp_path)
    cluster.drain({"rs2", "rs3"})
    cluster.send_to(gate)
    page = open_page(cluster, language)
    mark(page)
    choose_mode(page, "clone")
    give(page, "reference", recording(tmp_path / "voice.wav"))
    page.locator("#transcript textarea").fill("录音里的话")
    write(page, held.text)
    page.locator("#generate").click()
    # The seed is told with the first step.
    page.locator("#status [data-step=working]").wait_for()
    assert cluster.owner_at_work() == "rs1"
    seed = page.locator("#seed input").input_value()
    cluster.drain(())
    cluster.send_to("rs2", "rs3")
    cluster.kill("rs1")
    again = page.locator("#pending .status")
    expected = (
        "正在用同样的种子重新生成" if language == CHINESE else "runs again with the same seed"
    )
    expect(again).to_contain_text(expected, timeout=60_000)
    page.screenshot(path=artefacts / f"page-again-{language}.png")
    held.let_go()
    finished(page)
    assert marked(page), "the page was loaded anew"
    assert page.locator("#result .seed").inner_text() == seed
    made = records(cluster)
    assert len(made) == 1 and made[0]["node"] in ("rs2", "rs3")
    assert made[0]["mode"] == "clone" and str(made[0]["seed"]) == seed
    # All of the form is what it was, and works.
    assert page.locator("#text textarea").input_value() == held.text
    assert page.locator("#transcript textarea").input_value() == "录音里的话"
    write(page, "一句新的话")
    generate(page)
    assert records(cluster)[-1]["reference_digest"] == made[0]["reference_digest"]
    expect(page.locator("#pending .status")).to_have_count(0)


@pytest.mark.long
def test_a_job_that_is_lost_twice_is_offered(
    open_page: Open, cluster: SpeechNodes, artefacts: Path
) -> None:
    page = open_page(cluster, ENGLISH)
    mark(page)
    write(page, SLOW)
    page.locator("#generate").click()
    for _ in range(2):
        page.locator("#status [data-step=working]").wait_for()
        owner = cluster.owner_at_work()
        cluster.send_to(*(name for name in cluster.living if name != owner))
        cluster.kill(owner)
        if len(cluster.living) == 2:
            page.locator("#pending .status", has_text="Running the job again").wait_for()
    assert "Everything you typed is still here" in trouble(page)
    page.screenshot(path=artefacts / "page-lost.png")
    assert page.locator("#text textarea").input_value() == SLOW
    page.locator(".once-more").click()
    # All peers are gone: what is left serves.
    finished(page)
    assert marked(page)
    assert [made["node"] for made in records(cluster)] == cluster.living


@pytest.mark.long
def test_no_node_at_all_is_said_and_the_press_is_not_lost(
    open_page: Open, cluster: SpeechNodes
) -> None:
    page = open_page(cluster, CHINESE)
    mark(page)
    write(page, "等一等")
    cluster.balancer.close_connections()
    cluster.send_to()
    page.locator("#generate").click()
    expect(page.locator("#pending .status")).to_contain_text("正在重新连接")
    cluster.send_to(*NAMES)
    finished(page)
    assert marked(page)
    expect(page.locator("#pending .status")).to_have_count(0)


@pytest.mark.long
def test_a_page_of_a_release_that_is_gone_comes_back_with_what_was_typed(
    open_page: Open, cluster: SpeechNodes, tmp_path: Path, artefacts: Path
) -> None:
    page = open_page(cluster, CHINESE)
    mark(page)
    choose_mode(page, "clone")
    give(page, "reference", recording(tmp_path / "voice.wav"))
    page.locator("#transcript textarea").fill("录音里的话")
    write(page, "升级之后")
    show_more(page)
    page.locator("#seed input").fill("4711")
    page.locator("#lock input").check()
    page.locator("#format input[value=flac]").check()
    for name in NAMES:
        cluster.kill(name)
    for name in NAMES:
        cluster.start(name, "--release=two")
    for name in NAMES:
        cluster.nodes[name].wait_ready()
    cluster.introduce()
    cluster.send_to(*NAMES)
    page.locator("#generate").click()
    finished(page)
    page.screenshot(path=artefacts / "page-renewed.png", full_page=True)
    assert not marked(page), "the old release's page is still there"
    made = records(cluster)[-1]
    assert (made["text"], made["seed"], made["format"]) == ("升级之后", 4711, "flac")
    assert (made["mode"], made["reference_transcript"]) == ("clone", "录音里的话")
    assert page.locator("#reference-verdict .verdict").is_visible()


@pytest.mark.long
def test_a_session_stays_with_the_release_that_served_its_page(
    open_page: Open, cluster: SpeechNodes
) -> None:
    page = open_page(cluster, ENGLISH)
    for name in ("rs1", "rs2"):
        cluster.kill(name)
        cluster.start(name, "--release=two")
        cluster.nodes[name].wait_ready()
    cluster.introduce()
    # Its connections reach nodes of the new release only.
    cluster.send_to("rs1", "rs2")
    mark(page)
    for text in ("first", "second"):
        write(page, text)
        generate(page)
        assert page.locator("#result .node").inner_text() == "rs3"
    assert marked(page)
    new = open_page(cluster, ENGLISH)
    write(new, "third")
    generate(new)
    assert new.locator("#result .node").inner_text() in ("rs1", "rs2")
