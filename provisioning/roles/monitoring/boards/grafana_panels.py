"""Panels of Grafana's dashboards, and where they stand. Pure."""

from collections.abc import Iterator
from typing import Any

from .board import Board, Level, Panel, Query, Shape, Unit

SOURCE = {"type": "prometheus", "uid": "${datasource}"}
"""The one that is chosen above a board."""
_COLUMNS = 24
_SIZES = {Shape.NUMBER: (4, 4), Shape.LIST: (8, 8), Shape.GRAPH: (12, 8)}
_UNITS = {
    Unit.COUNT: "short",
    Unit.SECONDS: "s",
    Unit.RATIO: "percentunit",
    Unit.FACTOR: "none",
    Unit.PER_SECOND: "cps",
    Unit.BYTES_PER_SECOND: "Bps",
    Unit.CELSIUS: "celsius",
    Unit.WATTS: "watt",
}
COLOURS = {
    Level.GOOD: "green",
    Level.WARNING: "orange",
    Level.BAD: "red",
    Level.NEUTRAL: "blue",
}
_CLUSTER = 'cluster="$cluster"'


def panels(board: Board) -> Iterator[dict[str, Any]]:
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


def filled(query: Query) -> str:
    """The query with Grafana's variables."""
    return query.filled(_CLUSTER, f'{_CLUSTER},node=~"$node"', "$__rate_interval")


def _panel(panel: Panel) -> dict[str, Any]:
    return {
        "title": panel.title,
        "description": panel.about,
        "datasource": SOURCE,
        "targets": list(_targets(panel)),
        "fieldConfig": {"defaults": _defaults(panel), "overrides": []},
        **_kind(panel),
    }


def _targets(panel: Panel) -> Iterator[dict[str, Any]]:
    for index, query in enumerate(panel.queries):
        yield {
            "refId": chr(ord("A") + index),
            "datasource": SOURCE,
            "editorMode": "code",
            "expr": filled(query),
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
        {"color": COLOURS[lowest], "value": None},
        *({"color": COLOURS[bound.level], "value": bound.value} for bound in panel.bounds),
    ]


def _mappings(panel: Panel) -> list[dict[str, Any]]:
    if not panel.words:
        return []
    options = {
        str(word.value): {"text": word.text, "color": COLOURS[word.level], "index": index}
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
