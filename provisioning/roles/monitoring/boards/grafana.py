"""Boards as dashboards of Grafana, in the JSON of its versions from 10 on. Pure."""

import json
from collections.abc import Iterator
from typing import Any

from .board import Board, Mark, Query
from .grafana_panels import COLOURS, SOURCE, filled, panels

_SCHEMA = 38
"""Grafana 10's; later ones bring it up to date by themselves."""


def dashboard(board: Board, cluster: str) -> str:
    """The file of one board; ``cluster`` is the one that is shown first."""
    made: dict[str, Any] = {
        "uid": f"cosyvoice-{board.name}",
        "title": f"CosyVoice: {board.title}",
        "description": board.about,
        "tags": ["cosyvoice"],
        "schemaVersion": _SCHEMA,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": "now-1h", "to": "now"},
        "timezone": "browser",
        "links": [_links()],
        "templating": {"list": list(_variables(board, cluster))},
        "annotations": {"list": [_annotation(mark) for mark in board.marks]},
        "panels": list(panels(board)),
    }
    return json.dumps(made, ensure_ascii=False, indent=1) + "\n"


def board_file(board: Board) -> str:
    """Name of the board's file."""
    return f"{board.name}.json"


def _links() -> dict[str, Any]:
    """A menu of the boards."""
    return {
        "type": "dashboards",
        "title": "CosyVoice",
        "tags": ["cosyvoice"],
        "asDropdown": False,
        "includeVars": True,
        "keepTime": True,
    }


def _variables(board: Board, cluster: str) -> Iterator[dict[str, Any]]:
    yield {
        "name": "datasource",
        "label": "Prometheus",
        "type": "datasource",
        "query": "prometheus",
        "current": {},
        "hide": 0,
    }
    yield {
        "name": "cluster",
        "label": "Cluster",
        **_asked('label_values(up{job=~"cosyvoice-.+"}, cluster)'),
        "current": {"selected": True, "text": cluster, "value": cluster},
    }
    nodes = filled(Query(board.nodes))
    yield {
        "name": "node",
        "label": "Node",
        **_asked(f"query_result({nodes})"),
        "regex": '/node="([^"]+)"/',
        "multi": True,
        "includeAll": True,
        "allValue": ".*",
        "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
    }


def _asked(query: str) -> dict[str, Any]:
    return {
        "type": "query",
        "datasource": SOURCE,
        "definition": query,
        "query": {"query": query, "refId": "A"},
        # When the board is opened and when the time is changed.
        "refresh": 2,
        "sort": 1,
        "hide": 0,
    }


def _annotation(mark: Mark) -> dict[str, Any]:
    return {
        "name": mark.title,
        "datasource": SOURCE,
        "enable": True,
        "iconColor": COLOURS[mark.level],
        "expr": filled(mark.query),
        "step": "30s",
        "titleFormat": mark.title,
        "textFormat": mark.query.legend_with("{{", "}}"),
    }
