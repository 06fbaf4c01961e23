"""Boards of a Prometheus that watches real programs: they have numbers, and can be looked at."""

import re
import shutil
import time
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
import yaml
from playwright.sync_api import Page, ViewportSize, sync_playwright

from provisioning.places import MONITORING_CONF
from provisioning.roles.monitoring.boards.board import Board
from provisioning.roles.monitoring.boards.console import console_page
from provisioning.roles.monitoring.boards.every import boards
from tests.processes import wait_until
from tests.roles.monitoring.boards_site import Looked, boards_site
from tests.roles.monitoring.metric_names import asked_for, told_of
from tests.roles.monitoring.test_boards import EVERY, HOSTILE

_CHROMIUM = shutil.which("chromium")
_CLUSTER = 'cluster="sprache-1"'
_OWN = {
    # Prometheus' own, of rules and of looks.
    "ALERTS",
    "up",
    # Of a probe of something that speaks TLS, which nothing here does.
    "probe_ssl_earliest_cert_expiry",
}
pytestmark = pytest.mark.long
_PATIENCE = 60.0
_DESK: ViewportSize = {"width": 1280, "height": 900}
_MINUTES = "#pctc" + quote('{"duration":120,"endTime":0}')
"""What is shown of the past."""
_PHONE: ViewportSize = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def looked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Looked]:
    with boards_site(tmp_path_factory.mktemp("boards")) as site:
        # What happened before the first look is in no rate.
        wait_until(lambda: site.site.ask("cosyvoice_jobs_total"), _PATIENCE)
        for _ in range(3):
            assert site.node.speak(input="Hallo").status_code == httpx.codes.OK
            assert site.node.get("/outputs/nothing.wav").status_code == httpx.codes.NOT_FOUND
        wait_until(lambda: value(site, "sum(rate(cosyvoice_jobs_total[5m]))") > 0, _PATIENCE)
        wait_until(lambda: value(site, "sum(cluster:active_connections:sum)") == 7, _PATIENCE)
        wait_until(lambda: value(site, 'count(ALERTS{alertstate="firing"})') > 0, _PATIENCE)
        yield site


def value(looked: Looked, query: str) -> float:
    found = looked.ask(query)
    return float(found[0]["value"][1]) if found else -1.0


def console(looked: Looked, name: str, **parameters: str) -> str:
    answer = looked.client.get(f"/consoles/{name}", params=parameters)
    assert answer.status_code == 200, answer.text
    # Marks of Go's printf for what it cannot print.
    assert "%!" not in answer.text
    return answer.text


def _wait_for(looked: Looked, query: str) -> None:
    end = time.monotonic() + 20
    while not looked.ask(query):
        assert time.monotonic() < end, f"nothing answers {query}"
        time.sleep(0.1)


def numbers(page: str) -> dict[str, str]:
    """Large values by their titles."""
    found = re.findall(r'number \w+"[^>]*><h3>([^<]*)</h3><a[^>]*>([^<]*)</a>', page)
    return {unescape(title): unescape(text) for title, text in found}


def test_every_metric_that_is_asked_for_is_told_by_somebody(looked: Looked) -> None:
    told = set(_OWN)
    places = [
        target["scrapeUrl"]
        for target in looked.client.get("/api/v1/targets").json()["data"]["activeTargets"]
        if target["health"] == "up"
    ]
    assert len(places) >= 6
    for place in places:
        told |= told_of(looked.client.get(place).text)
    for path in (looked.site.folder / "mon1" / MONITORING_CONF[1:] / "rules").glob("*.yml"):
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]:
            told |= {rule["record"] for rule in group["rules"] if "record" in rule}
    asked = {
        name for board in EVERY for one in board.queries() for name in asked_for(one.expression)
    }
    assert asked - told == set()
    assert len(asked) > 40


@pytest.mark.parametrize("board", EVERY, ids=lambda board: board.name)
def test_every_query_is_answered(board: Board, looked: Looked) -> None:
    may_be_empty = {
        # Nothing speaks TLS, no worker was replaced, and nobody is behind the edges' VIP.
        "Certificate ends in",
        "Workers replaced",
        "Answer from outside",
    }
    for panel in board.panels():
        for query in panel.queries:
            text = query.filled(_CLUSTER, _CLUSTER, "5m")
            found = looked.ask(text)
            if panel.title not in may_be_empty and "{xid}" not in query.legend and not found:
                # A rate takes two looks.
                _wait_for(looked, text)
    for mark in board.marks:
        looked.ask(mark.query.filled(_CLUSTER, _CLUSTER, "5m"))


def test_pages_show_the_numbers_of_prometheus(looked: Looked) -> None:
    found = {
        board.name: numbers(console(looked, f"{board.name}.html"))
        for board in boards(looked.site.inventory)
    }
    assert found["directors"]["Connections"] == "7"
    assert found["directors"]["Real servers missing"] == "0"
    assert found["gpus"]["Cards"] == "2"
    assert found["gpus"]["Hottest"] == "64 °C"
    assert found["gpus"]["Power"] == "825 W"
    assert found["gpus"]["Utilization"] == "47.5%"
    assert found["upgrades"]["Releases that run"] == "1"
    assert found["overview"]["Nodes not ready"] == "0"
    assert re.fullmatch(r"\d[\d.]*m?s", found["overview"]["First audio, p95"])
    for name, shown in found.items():
        assert shown, f"{name} has no number"
        silent = [title for title, text in shown.items() if not re.match(r"-?\d", text)]
        assert silent == (["Answer from outside"] if name == "edge" else [])
    page = console(looked, "gpus.html")
    assert re.search(r">rs1 0 </td><td class=\"good\">well<", page)
    assert "rs1 1: hardware thermal slowdown" in page


def test_pages_show_one_node_where_one_is_chosen(looked: Looked) -> None:
    assert numbers(console(looked, "overview.html", node="rs1"))["Nodes not ready"] == "0"
    wrong = "x\"} or up{'<script>alert(1)</script>%s集群"
    page = console(looked, "overview.html", node=wrong)
    assert "<script>alert" not in page
    assert numbers(page)["Jobs now"] == "–"


def test_any_name_of_a_cluster_is_only_a_name(looked: Looked) -> None:
    every = boards(looked.site.inventory)
    path = looked.site.folder / "mon1" / MONITORING_CONF[1:] / "consoles" / "hostile.html"
    path.write_text(console_page(every[0], every, HOSTILE), encoding="utf-8")
    page = console(looked, "hostile.html")
    assert page.count("</script>") == page.count("<script")
    assert HOSTILE in unescape(re.findall(r'class="cluster">(.*?)</span>', page)[0])
    assert numbers(page)["Jobs now"] == "–"
    assert '\\"' not in numbers(page)["Nodes not ready"]


@pytest.mark.skipif(_CHROMIUM is None, reason="needs Debian's package chromium")
def test_a_browser_shows_every_board_on_a_desk_and_on_a_phone(looked: Looked) -> None:
    faults: list[str] = []
    url = looked.client.base_url
    artefacts = Path(__file__).parents[2] / "artefacts"
    artefacts.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=_CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page()
        page.on("console", lambda said: faults.append(f"{page.url}: {said.text}"))
        page.on("pageerror", lambda error: faults.append(f"{page.url}: {error}"))
        page.on(
            "response",
            lambda answer: (
                faults.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None
            ),
        )
        every = [board.name for board in EVERY]
        for size, names in ((_DESK, every), (_PHONE, ["overview", "directors", "hostile"])):
            page.set_viewport_size(size)
            for name in names:
                page.goto(f"{url}/consoles/{name}.html{_MINUTES}")
                _drawn(page)
                assert (page.locator(".plot svg path").count() > 3) == (name != "hostile")
                scrolled = page.evaluate("document.documentElement.scrollWidth")
                assert scrolled <= size["width"], f"{name} is {scrolled} wide on {size}"
                picture = artefacts / f"board-{name}-{size['width']}.png"
                page.screenshot(path=picture, full_page=True)
        # The links of a page lead to pages.
        page.goto(f"{url}/consoles/overview.html")
        page.get_by_label("Node").select_option("rs1")
        page.wait_for_url("**/overview.html?node=rs1")
        page.get_by_role("link", name="GPUs").click()
        page.wait_for_url("**/gpus.html?node=rs1")
        _drawn(page)
        browser.close()
    assert faults == []


def _drawn(page: Page) -> None:
    """Waits until each graph is drawn, or says that there is nothing."""
    page.wait_for_function(
        "[...document.querySelectorAll('.plot')].every(plot =>"
        " plot.querySelector('svg path, svg .y_axis') || plot.querySelector('.prom_graph_error'))",
        timeout=60_000,
    )
