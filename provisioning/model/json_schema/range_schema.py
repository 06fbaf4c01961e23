"""The inventory's JSON Schema for editors, where hosts may be written as ranges.

The schema that messages are made from is that of single hosts: ranges are written out before
values are checked.
"""

from ..groups import group_types
from .schema import Schema, inventory_schema

ADDRESSES = {"type": "string", "pattern": r"\[[^\[\]]+\]"}
"""A range of addresses, as text."""


def schema_with_ranges() -> Schema:
    """The schema, in which an address of a host may be a range of them."""
    schema = inventory_schema()
    parts = dict(schema["$defs"])
    for group in group_types().values():
        entry = parts[group.__name__]["properties"]["hosts"]
        values = entry["additionalProperties"]
        parts[group.__name__] = _with(
            parts[group.__name__],
            "hosts",
            {
                **entry,
                "additionalProperties": _or_range(values),
            },
        )
        name = group.host_type.__name__
        for key in ("address", "address6"):
            parts[name] = _with(parts[name], key, _or_range(parts[name]["properties"][key]))
    return {**schema, "$defs": parts}


def _with(part: Schema, key: str, value: Schema) -> Schema:
    return {**part, "properties": {**part["properties"], key: value}}


def _or_range(value: Schema) -> Schema:
    one = {"anyOf": [value]} if "anyOf" not in value else value
    return {**one, "anyOf": [*one["anyOf"], ADDRESSES]}
