"""Boards as dashboards of Grafana, in the JSON of its versions from 10 on. Pure."""

import json
from collections.abc import Iterator
from typing import Any

from .board import Board, Level, Mark, Panel, Query, Shape, Unit

_SCHEMA = 38
"""Grafana 10's; later ones bring it up to date by themselves."""
_SOURCE = {"type": "prometheus", "uid": "${datasource}"}
_COLUMNS = 24
_SIZES = {Shape.NUMBER: (4, 4), Shape.LIST: (8, 8), Shape.GRAPH: (12, 8)}
_UNITS = {
    Unit.COUNT: "short",
    Unit.SECONDS: "s",
    Unit.BYTES: "bytes",
    Unit.RATIO: "percentunit",
    Unit.FACTOR: "none",
    Unit.PER_SECOND: "cps",
    Unit.BYTES_PER_SECOND: "Bps",
    Unit.CELSIUS: "celsius",
    Unit.WATTS: "watt",
}
_COLOURS = {
    Level.GOOD: "green",
    Level.WARNING: "orange",
    Level.BAD: "red",
    Level.NEUTRAL: "blue",
}
_CLUSTER = 'cluster="$cluster"'


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
        "panels": list(_panels(board)),
    }
    return json.dumps(made, ensure_ascii=False, indent=1) + "\n"


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
    nodes = _filled(Query(board.nodes))
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
        "datasource": _SOURCE,
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
        "datasource": _SOURCE,
        "enable": True,
        "iconColor": _COLOURS[mark.level],
        "expr": _filled(mark.query),
        "step": "30s",
        "titleFormat": mark.title,
        "textFormat": mark.query.legend_with("{{", "}}"),
    }


def _panels(board: Board) -> Iterator[dict[str, Any]]:
    """Rows and panels, from left to right and from above to below, each with its id."""
    number, top = 0, 0
    for section in board.sections:
        number += 1
        yield {
            "id": number,
            "type": "row",
            "title": section.title,
            "collapsed": False,
            "gridPos": {"x": 0, "y": top, "w": _COLUMNS, "h": 1},
            "panels": [],
        }
        top, left, height = top + 1, 0, 0
        for panel in section.panels:
            width, high = _SIZES[panel.shape]
            if left + width > _COLUMNS:
                top, left, height = top + height, 0, 0
            number += 1
            place = {"x": left, "y": top, "w": width, "h": high}
            yield {"id": number, "gridPos": place, **_panel(panel)}
            left, height = left + width, max(height, high)
        top += height


def _filled(query: Query) -> str:
    return query.filled(_CLUSTER, f'{_CLUSTER},node=~"$node"', "$__rate_interval")


def _panel(panel: Panel) -> dict[str, Any]:
    return {
        "title": panel.title,
        "description": panel.about,
        "datasource": _SOURCE,
        "targets": list(_targets(panel)),
        "fieldConfig": {"defaults": _defaults(panel), "overrides": []},
        **_kind(panel),
    }


def _targets(panel: Panel) -> Iterator[dict[str, Any]]:
    for index, query in enumerate(panel.queries):
        yield {
            "refId": chr(ord("A") + index),
            "datasource": _SOURCE,
            "editorMode": "code",
            "expr": _filled(query),
            "legendFormat": query.legend_with("{{", "}}") or panel.title,
            "instant": panel.shape is Shape.NUMBER,
            "range": panel.shape is not Shape.NUMBER,
        }


def _defaults(panel: Panel) -> dict[str, Any]:
    made: dict[str, Any] = {
        "unit": _UNITS[panel.unit],
        "thresholds": {"mode": "absolute", "steps": _steps(panel)},
        "color": {"mode": "palette-classic" if panel.shape is Shape.GRAPH else "thresholds"},
        "mappings": _mappings(panel),
        "noValue": "–" if panel.shape is Shape.NUMBER else panel.empty,
    }
    if panel.shape is Shape.GRAPH:
        made |= {
            "min": 0,
            "custom": {
                "drawStyle": "line",
                "lineWidth": 1,
                "fillOpacity": 30 if panel.stacked else 0,
                "showPoints": "never",
                "spanNulls": False,
                "stacking": {"mode": "normal" if panel.stacked else "none", "group": "A"},
            },
        }
    if panel.unit is Unit.RATIO and panel.shape is Shape.LIST:
        made |= {"min": 0, "max": 1}
    return made


def _steps(panel: Panel) -> list[dict[str, Any]]:
    lowest = Level.GOOD if panel.bounds else Level.NEUTRAL
    return [
        {"color": _COLOURS[lowest], "value": None},
        *({"color": _COLOURS[bound.level], "value": bound.value} for bound in panel.bounds),
    ]


def _mappings(panel: Panel) -> list[dict[str, Any]]:
    if not panel.words:
        return []
    options = {
        str(word.value): {"text": word.text, "color": _COLOURS[word.level], "index": index}
        for index, word in enumerate(panel.words)
    }
    return [{"type": "value", "options": options}]


def _kind(panel: Panel) -> dict[str, Any]:
    """Grafana's panel for the shape."""
    reduced = {"calcs": ["lastNotNull"], "fields": "", "values": False}
    match panel.shape:
        case Shape.NUMBER:
            options: dict[str, Any] = {
                "reduceOptions": reduced,
                "colorMode": "value",
                "graphMode": "none",
                "textMode": "value",
            }
            return {"type": "stat", "options": options}
        case Shape.GRAPH:
            options = {
                "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
                "tooltip": {"mode": "multi", "sort": "desc"},
            }
            return {"type": "timeseries", "options": options}
        case Shape.LIST if panel.words:
            options = {"showValue": "auto", "mergeValues": True, "rowHeight": 0.8}
            return {"type": "state-timeline", "options": options}
        case Shape.LIST:
            options = {
                "reduceOptions": reduced,
                "orientation": "horizontal",
                "displayMode": "basic",
            }
            return {"type": "bargauge", "options": options}
