"""The inventory's JSON Schema (draft 2020-12), and queries about a key."""

from functools import cache
from typing import Any

from ..inventory import Inventory
from ..key_path import KeyPath
from .field_docstrings import describe

Schema = dict[str, Any]


@cache
def inventory_schema() -> Schema:
    """The schema, with titles and descriptions; every key's meaning is its docstring."""
    schema = Inventory.model_json_schema()
    describe(schema)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def resolved(schema: Schema) -> Schema:
    """The schema with its reference followed."""
    while "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        extra = {key: value for key, value in schema.items() if key != "$ref"}
        schema = {**inventory_schema()["$defs"][name], **extra}
    return schema


def alternatives(schema: Schema) -> list[Schema]:
    """The schemas a value may match, without null."""
    schema = resolved(schema)
    several = schema.get("anyOf") or schema.get("oneOf")
    if several is None:
        return [] if schema.get("type") == "null" else [schema]
    return [one for part in several for one in alternatives(part)]


def takes_null(schema: Schema) -> bool:
    """True if null turns the key off."""
    schema = resolved(schema)
    several = schema.get("anyOf") or schema.get("oneOf") or []
    return schema.get("type") == "null" or any(takes_null(part) for part in several)


def properties(schema: Schema) -> dict[str, Schema]:
    """The keys of the mappings a value may be."""
    found: dict[str, Schema] = {}
    for one in alternatives(schema):
        found |= one.get("properties", {})
    return found


def kinds_with(schema: Schema | None, name: str) -> list[str]:
    """The types that have the key: those of the unions around it that are told apart by ``type``.

    ``schema`` is one of a union's mappings or the union.
    """
    if schema is None:
        return []
    kinds = (_type_of(one) for one in alternatives(schema) if name in one.get("properties", {}))
    return [kind for kind in kinds if kind]


def _type_of(schema: Schema) -> str:
    return str(schema.get("properties", {}).get("type", {}).get("const", ""))


def below(schema: Schema, part: str | int) -> Schema | None:
    """The schema of a key or item, if there is one."""
    for one in alternatives(schema):
        if isinstance(part, int):
            if "items" in one:
                return dict(one["items"])
        elif part in one.get("properties", {}):
            return dict(one["properties"][part])
        elif isinstance(one.get("additionalProperties"), dict):
            return dict(one["additionalProperties"])
        elif isinstance(one.get("patternProperties"), dict):
            return dict(next(iter(one["patternProperties"].values())))
    return None


def at(path: KeyPath) -> Schema | None:
    """The schema of the value at a path of the inventory."""
    schema: Schema | None = inventory_schema()
    for part in path:
        if schema is None:
            return None
        schema = below(schema, part)
    return schema


@cache
def places_of_keys() -> dict[str, list[str]]:
    """Every key there is, and where: ``{"weight": ["real_servers.hosts.NAME.weight", ...]}``."""
    places: dict[str, list[str]] = {}
    _collect(inventory_schema(), "", places)
    return places


def _collect(schema: Schema, prefix: str, places: dict[str, list[str]]) -> None:
    for one in alternatives(schema):
        for name, part in one.get("properties", {}).items():
            place = f"{prefix}.{name}".removeprefix(".")
            if place not in places.setdefault(name, []):
                places[name].append(place)
            _collect(part, place, places)
        if "items" in one:
            _collect(one["items"], f"{prefix}[]", places)
        values = one.get("additionalProperties") or one.get("patternProperties")
        if isinstance(values, dict) and values:
            inner = values if "additionalProperties" in one else next(iter(values.values()))
            _collect(inner, f"{prefix}.NAME", places)
