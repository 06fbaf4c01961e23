"""Describe the values a key allows, in words."""

from ..base import NAME_PATTERN
from ..json_schema.schema import Schema, alternatives, properties, resolved, takes_null

NAME = "letters, digits, _ . and -, starting with a letter or digit, at most 63"


def allowed(schema: Schema | None) -> str:
    """For example ``a whole number from 1 to 255, or null``; empty if nothing is known."""
    if schema is None:
        return ""
    every = alternatives(schema)
    words = list(dict.fromkeys(_one(one) for one in every if not one.get("properties")))
    if keys := ", ".join(properties(schema)):
        words.append(f"keys and values ({keys})")
    if takes_null(schema):
        words.append("null")
    return ", or ".join(word for word in words if word)


def choices(schema: Schema | None) -> list[str]:
    """The values a key with a closed list may hold."""
    if schema is None:
        return []
    return [str(value) for one in alternatives(schema) for value in _values(one)]


def _values(one: Schema) -> list[object]:
    return list(one.get("enum") or ([one["const"]] if "const" in one else []))


def _one(schema: Schema) -> str:
    schema = resolved(schema)
    if values := _values(schema):
        return listed([str(value) for value in values])
    match schema.get("type"):
        case "integer":
            return f"a whole number{_range(schema)}"
        case "number":
            return f"a number{_range(schema)}"
        case "boolean":
            return "true or false"
        case "array":
            return "a list"
        case "object":
            return "keys and values"
        case "string":
            return _text(schema)
    return ""


def _range(schema: Schema) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    above = schema.get("exclusiveMinimum")
    if low is not None and high is not None:
        return f" from {low} to {high}"
    if above is not None:
        return f" above {above:g}" + (f", to {high:g}" if high is not None else "")
    return f" from {low}" if low is not None else ""


def _text(schema: Schema) -> str:
    if schema.get("pattern") == NAME_PATTERN:
        return NAME
    if str(schema.get("format", "")).startswith("ip"):
        return "an IP address"
    if "path" in str(schema.get("format", "")):
        return "a path"
    if examples := schema.get("examples"):
        return f"text such as {examples[0]}"
    return "text"


def listed(words: list[str]) -> str:
    """``a, b or c``."""
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
