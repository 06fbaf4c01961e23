"""A JSON schema for the chart's values, by which Helm refuses a misspelt key. Pure."""

import json
from typing import Any

_FREE = frozenset(
    {
        "engine.variables", "tls.annotations", "monitoring.labels", "service.annotations",
        "resources.requests", "resources.limits", "node_selector", "storage.nfs",
    }
)  # fmt: skip
"""Objects whose keys are the operator's own, or which may be absent."""
_CHOICES = {
    "tls.by": ["ingress", "gateway"],
    "service.type": ["ClusterIP", "NodePort", "LoadBalancer"],
    "service.load_balancer": [None, "metallb", "kube-vip"],
    "service.external_traffic_policy": ["Cluster", "Local"],
    "app.server": ["uvicorn", "gunicorn"],
}


def schema_text(values: dict[str, object]) -> str:
    """The schema of values like these, in JSON: their keys and no others, their types."""
    schema = {"$schema": "http://json-schema.org/draft-07/schema#", **_schema(values, "")}
    return json.dumps(schema, indent=2, sort_keys=True) + "\n"


def _schema(value: object, path: str) -> dict[str, Any]:
    if path in _CHOICES:
        return {"enum": _CHOICES[path]}
    if path in _FREE:
        return {"type": ["object", "null"]}
    if isinstance(value, dict):
        inner = {key: _schema(one, f"{path}.{key}".lstrip(".")) for key, one in value.items()}
        return {"type": "object", "properties": inner, "additionalProperties": False}
    return _leaf(value)


def _leaf(value: object) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"type": "boolean"}
    if isinstance(value, int):
        return {"type": ["integer", "null"], "minimum": 0}
    if isinstance(value, float):
        return {"type": "number", "exclusiveMinimum": 0}
    if isinstance(value, list):
        return {"type": "array"}
    return {"type": ["string", "null"]}
