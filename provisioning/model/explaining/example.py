"""A small piece of inventory that shows a key where it stands. Pure."""

from typing import Any

import yaml

from ..json_schema.schema import (
    Schema,
    alternatives,
    below,
    inventory_schema,
    kinds_with,
    properties,
    resolved,
)
from ..key_path import KeyPath

_SHA256 = "0123456789abcdef" * 4
_BY_HAND: dict[str, Any] = {
    "interface": "eth0",
    "url": "https://example.com/model.bin",
    "git": "https://example.com/model.git",
    "commit": _SHA256[:40],
    "revision": "v1.0",
    "sha256": _SHA256,
    "hub": "https://hub.example.com",
    "huggingface": "example/model",
    "modelscope": "example/model",
    "env": "CLUSTER_SECRET",
    "user": "ops",
    "jump": "ops@jump.example.com",
    "ssh.host": "host.example.com",
    "ssh.port": 2222,
    "keepalive": 15,
    "connect_timeout": 10,
    "app.engine.name": "cosyvoice2",
    "app.engine.gpus": "all",
    "app.engine.cuda": 12,
    "index_url": "https://pypi.example.com/simple",
    "index_url.url": "https://pypi.example.com/simple",
    "tls.names": ["tts.example.com"],
    "command": "/usr/local/sbin/example",
    "receivers.url": {"env": "ALERTS_URL"},
    "vrrp.notify": "/usr/local/sbin/example",
    "virtual_router_id": 61,
}
"""By the end of the place: values whose form a schema does not tell, or that tell more."""
_ORIGINS = ("url", "git", "path", "huggingface", "modelscope", "files", "on_nodes")
_NAMES = {
    "directors": "lvs1",
    "real_servers": "rs1",
    "storage": "nas1",
    "clients": "client1",
    "edges": "edge1",
}
_DEEP = 4


def example(path: KeyPath) -> str:
    """YAML, from the left edge, with a value that the key takes: one that its author gave, else
    its default, else one by its type; and beside it what cannot be left out."""
    whole = _around(path, 0, inventory_schema())
    return yaml.safe_dump(whole, sort_keys=False, allow_unicode=True, default_flow_style=False)


def _around(path: KeyPath, depth: int, schema: Schema) -> Any:
    """The first parts of a path, as far as the key at its end needs it."""
    if depth == len(path):
        return _value(path, schema, _DEEP)
    part = path[depth]
    inner = below(schema, part)
    assert inner is not None
    value = _around(path, depth + 1, inner)
    if isinstance(part, int):
        return [value]
    if not depth:
        # What every inventory has to have is no part of an example.
        return {part: value}
    return {**_beside(path[:depth], schema, part), _name(path, part): value}


def _beside(path: KeyPath, schema: Schema, part: str) -> dict[str, Any]:
    """Keys that are needed where another one is written."""
    found: dict[str, Any] = {}
    if kinds := kinds_with(schema, part):
        found["type"] = "http" if "http" in kinds else kinds[0]
    keys = properties(schema)
    kind = next((o for o in _with(schema, part) if _is_kind(o, found.get("type"))), {})
    for name in kind.get("required", ()):
        if name != part:
            found[name] = _value((*path, name), keys[name], _DEEP)
    if set(_ORIGINS) <= keys.keys() and part not in _ORIGINS:
        origin = "git" if part == "commit" else "url" if part == "sha256" else "huggingface"
        found[origin] = _BY_HAND[origin]
    if part == "git":
        found["commit"] = _BY_HAND["commit"]
    return found


def _with(schema: Schema, part: str) -> list[Schema]:
    return [one for one in alternatives(schema) if part in one.get("properties", {})]


def _is_kind(schema: Schema, kind: str | None) -> bool:
    return kind is None or schema["properties"].get("type", {}).get("const") == kind


def _name(path: KeyPath, part: str) -> str:
    return _NAMES.get(str(path[0]), "NAME") if part == "NAME" else part


def _value(path: KeyPath, schema: Schema, deep: int) -> Any:
    words = [str(part) for part in path if not isinstance(part, int)]
    for length in (3, 2, 1):
        if (value := _BY_HAND.get(".".join(words[-length:]))) is not None:
            return value
    whole = resolved(schema)
    for one in (whole, *alternatives(schema)):
        if one.get("examples"):
            return one["examples"][0]
    default = whole.get("default")
    if isinstance(default, dict) and properties(schema):
        default = {key: value for key, value in default.items() if value not in (None, {}, [])}
    return _by_type(path, schema, deep) if default in (None, {}, []) else default


def _by_type(path: KeyPath, schema: Schema, deep: int) -> Any:
    kinds = alternatives(schema)
    simple = next((one for one in kinds if not one.get("properties")), kinds[0])
    if values := [*simple.get("enum", ()), *([simple["const"]] if "const" in simple else ())]:
        return values[0]
    match simple.get("type"):
        case "integer" | "number":
            return simple.get("minimum", simple.get("exclusiveMinimum", 0) + 1)
        case "boolean":
            return True
        case "array":
            item = below(simple, 0)
            return [_value((*path, 0), item, deep - 1)] if item and deep else []
        case "object":
            return _mapping(path, simple, deep)
    if str(simple.get("format", "")).startswith("ip"):
        return "fd00::7" if "6" in simple["format"] else "192.0.2.7"
    return "/etc/example" if "path" in str(simple.get("format", "")) else "example"


def _mapping(path: KeyPath, schema: Schema, deep: int) -> dict[str, Any]:
    """The keys that are needed, or else the first one."""
    keys = properties(schema)
    if not keys:
        inner = below(schema, "NAME")
        name = _name((*path, "NAME"), "NAME")
        return {name: _value((*path, "NAME"), inner, deep - 1)} if inner and deep else {}
    wanted = list(schema.get("required") or list(keys)[:1])
    # One of several kinds, which its type tells.
    if "const" in keys.get("type", {}) and "type" not in wanted:
        wanted.insert(0, "type")
    return {name: _value((*path, name), keys[name], deep - 1) for name in wanted} if deep else {}
