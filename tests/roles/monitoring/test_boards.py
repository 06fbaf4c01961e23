"""Boards as files: for Grafana, and with any text for Prometheus' consoles."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from provisioning.model.inventory import Inventory
from provisioning.roles.monitoring.boards.board import Board, Shape
from provisioning.roles.monitoring.boards.console import console_page
from provisioning.roles.monitoring.boards.every import boards
from provisioning.roles.monitoring.boards.grafana import dashboard
from tests.roles.monitoring.metric_names import asked_for, told_of

HOSTILE = "a\"}{{end}}'</script>`$x %s\\集群"

EVERY = boards(
    Inventory.model_validate(
        {
            "vip": "192.0.2.100",
            "directors": {"hosts": {"lvs1": "192.0.2.11"}},
            "edges": {"vip": "192.0.2.110", "hosts": {"edge1": "192.0.2.51"}},
            "real_servers": {"hosts": {"rs1": "192.0.2.101"}},
            "tls": {"authority": "cluster"},
            "monitoring": {"objectives": {"served": 99.9, "first_audio": {"seconds": 2.5}}},
        }
    )
)


def asked(made: dict[str, Any]) -> list[str]:
    """Every PromQL of a dashboard."""
    nodes = made["templating"]["list"][2]["query"]["query"]
    return [
        *(target["expr"] for panel in made["panels"] for target in panel.get("targets", [])),
        *(one["expr"] for one in made["annotations"]["list"]),
        nodes.removeprefix("query_result(").removesuffix(")"),
    ]


def test_a_cluster_has_the_boards_that_have_something_to_show() -> None:
    assert [board.name for board in EVERY] == [
        *("overview", "directors", "edge", "gpus", "hosts", "upgrades")
    ]
    alone = {"edges": {"vip": "192.0.2.110", "hosts": {"edge1": "192.0.2.51"}}}
    without = Inventory.model_validate({**alone, "real_servers": {"hosts": {"rs1": "192.0.2.1"}}})
    assert "directors" not in [board.name for board in boards(without)]
    first, second = (boards(one)[0].panels() for one in (without, without))
    assert "Certificate ends in" not in [panel.title for panel in first]
    assert len({panel.title for panel in second}) > 10


@pytest.mark.parametrize("board", EVERY, ids=lambda board: board.name)
def test_a_dashboard_is_whole(board: Board) -> None:
    made = json.loads(dashboard(board, HOSTILE))
    panels = made["panels"]
    ids = [panel["id"] for panel in panels]
    assert len(set(ids)) == len(ids)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        cells = {
            (place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])
        }
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells
    shown = [panel for panel in panels if panel["type"] != "row"]
    assert [panel["title"] for panel in shown] == [panel.title for panel in board.panels()]
    for panel in shown:
        assert panel["targets"]
        sources = [panel["datasource"], *(target["datasource"] for target in panel["targets"])]
        assert {source["uid"] for source in sources} == {"${datasource}"}
        references = [target["refId"] for target in panel["targets"]]
        assert len(set(references)) == len(references)
    assert [one["name"] for one in made["templating"]["list"]] == ["datasource", "cluster", "node"]
    assert made["templating"]["list"][1]["current"]["value"] == HOSTILE
    for expression in asked(made):
        assert 'cluster="$cluster"' in expression
        # A rate over a fixed time is empty where somebody looks more seldom.
        assert "[5m]" not in expression


def test_dashboards_have_names_of_their_own() -> None:
    uids = [json.loads(dashboard(board, "c"))["uid"] for board in EVERY]
    assert len(set(uids)) == len(uids)
    assert all(len(uid) <= 40 for uid in uids)


def test_promtool_takes_every_query(tmp_path: Path) -> None:
    """Grafana's with its variables replaced as it does; those of consoles are asked elsewhere."""
    rules: list[dict[str, str]] = []
    for board in EVERY:
        for expression in asked(json.loads(dashboard(board, "c"))):
            for variable, value in (
                ("$cluster", "c"),
                ("$node", "a|b"),
                ("$__rate_interval", "1m"),
            ):
                expression = expression.replace(variable, value)
            assert "$" not in expression
            rules.append({"record": f"query:{len(rules)}", "expr": expression})
    path = tmp_path / "rules.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "boards", "rules": rules}]}))
    words = ["promtool", "check", "rules", str(path)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, f"{len(rules)} rules found" in done.stdout) == (0, True), done.stderr


@pytest.mark.parametrize("board", EVERY, ids=lambda board: board.name)
def test_panels_can_be_shown(board: Board) -> None:
    for panel in board.panels():
        if panel.shape is not Shape.GRAPH:
            assert len(panel.queries) == 1
        values = [bound.value for bound in panel.bounds]
        assert values == sorted(values)
        if panel.shape is Shape.LIST:
            assert panel.queries[0].labels(), f"{panel.title}: rows without a name"


def test_a_page_keeps_any_text_within_its_strings() -> None:
    """What Go makes of it is tried with a Prometheus; here, that nothing closes an action early."""
    page = console_page(EVERY[0], EVERY, HOSTILE)
    assert HOSTILE not in page
    assert json.dumps(HOSTILE, ensure_ascii=False) in page


def test_names_of_metrics_are_found() -> None:
    query = (
        'sum by (node) (rate(a_total{x="b_total",$node}[5m])) / on (c) group_left (d) max(e:f:g)'
        " and (h == 2) or vector(0) unless 1.5 * i"
    )
    assert asked_for(query) == {"a_total", "e:f:g", "h", "i"}
    text = '# HELP a_total X.\n# TYPE a_total counter\n# TYPE h histogram\ne{x="y"} 1\n'
    assert told_of(text) == {"a_total", "h_bucket", "h_sum", "h_count", "e"}
