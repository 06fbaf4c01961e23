"""Schemas of custom resources, as their projects publish them, with unknown keys refused: what an
API server drops or refuses, these refuse."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema

_FOLDER = Path(__file__).with_name("schemas")
_OPEN = ("x-kubernetes-preserve-unknown-fields", "additionalProperties")


def check(manifest: dict[str, Any]) -> None:
    """Raise ``jsonschema.ValidationError`` for a manifest that is not as its schema says."""
    found = _read(manifest["kind"])
    assert manifest["apiVersion"] == found["apiVersion"]
    jsonschema.validate(manifest, found["schema"])


def known() -> set[str]:
    """Kinds that there is a schema of."""
    return {path.stem for path in _FOLDER.glob("*.json")}


@cache
def _read(kind: str) -> dict[str, Any]:
    found = json.loads((_FOLDER / f"{kind}.json").read_text(encoding="utf-8"))
    schema = found["schema"]
    schema["properties"]["metadata"] = {"type": "object"}
    return {"apiVersion": found["apiVersion"], "schema": _closed(schema)}


def _closed(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made: dict[str, Any] = {
        key: {name: _closed(one) for name, one in value.items()}
        if key == "properties"
        else _closed(value)
        for key, value in schema.items()
    }
    if made.pop("x-kubernetes-int-or-string", False):
        made.pop("type", None)
        made.pop("anyOf", None)
        made["type"] = ["integer", "string"]
    if isinstance(pattern := made.get("pattern"), str):
        # Go has flags anywhere, Python at the start.
        made["pattern"] = pattern.replace("^(?i)", "(?i)^")
    if "properties" in made and "type" in made and not any(key in made for key in _OPEN):
        made["additionalProperties"] = False
    return made
