"""Messages for pydantic's errors, addressed to the file's author, one function a kind."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..base import NAME_PATTERN
from ..json_schema.schema import Schema, below, places_of_keys, properties, takes_null
from ..key_path import KeyPath
from .allowed import NAME, allowed, choices, listed
from .excerpt import dotted
from .unknown_key import advice, nearest
from .vocabulary import VALUES

_OFF = {"no", "false", "off", "none", "disabled", "disable"}


@dataclass(frozen=True, slots=True)
class Case:
    """An error of pydantic's, and its place in file and schema."""

    path: KeyPath
    schema: Schema | None
    value: Any
    written: str
    """The value as written in the file."""
    pydantic_message: str
    context: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Message:
    """Text of a diagnostic."""

    message: str
    found: str
    allowed: str = ""
    fix: str = ""
    meant: str | None = None
    """For an unknown key, the key of the same mapping that was most likely meant."""


def unknown_key(case: Case) -> Message:
    """``extra_forbidden``."""
    fix, meant = advice(case.path, case.schema, case.value)
    known = ", ".join(properties(case.schema)) if case.schema else ""
    return Message("unknown key", str(case.path[-1]), known, fix, meant)


def bad_name(case: Case) -> Message:
    """A key of ``hosts`` and the like."""
    return _bad_name(str(case.path[-1]), str(case.path[-1]))


def _bad_name(name: str, found: str) -> Message:
    return Message("not a name that can be used here", found, NAME, _name_fix(name))


def _missing(case: Case) -> Message:
    *above, name = case.path
    if above[-2:-1] == ["hosts"]:
        return Message(
            "has no address", case.written, "", f"write {above[-1]}: 192.0.2.7, with its address"
        )
    return Message(
        "is needed and is not there",
        "",
        allowed(case.schema),
        f"write {name} under {dotted(tuple(above))}",
    )


def _mapping(case: Case) -> Message:
    permitted = allowed(case.schema)
    text = str(case.value).lower()
    if case.schema and takes_null(case.schema) and text in _OFF:
        return Message(
            "cannot be turned off in this way",
            case.written,
            permitted,
            f"write {case.path[-1]}: null",
        )
    if case.path[-2:-1] == ("hosts",):
        return Message(
            "has no address",
            case.written,
            "an IP address, or keys and values with one",
            f"write {case.path[-1]}: 192.0.2.7, with its address",
        )
    if case.path[-1:] == ("hosts",) and isinstance(case.value, list):
        fix = "write `name: address` for each host, without the dash"
    elif case.path[-1:] == ("check",) and isinstance(case.value, str):
        fix = (
            f"write check: {{type: {_meant(case.value, ['tcp', 'http', 'ssl', 'misc']) or 'http'}}}"
        )
    elif case.value is None:
        fix = "indent its keys below it, or remove it for the defaults"
    elif isinstance(case.value, list) and f"{case.path[-1]}s" in places_of_keys():
        fix = f"write {case.path[-1]}s, for several"
    elif isinstance(case.value, list):
        fix = "write `key: value` lines below it, without the dash"
    elif isinstance(case.value, str) and (key := _stuck_key(case)):
        fix = f"put a space behind the colon: {key}: {case.value[len(key) + 1 :]}"
    else:
        fix = "write its keys below it, indented"
    return Message("keys and values are needed here", case.written, permitted, fix)


def _stuck_key(case: Case) -> str | None:
    """The key of ``key:value``, a text for YAML."""
    key = str(case.value).partition(":")[0]
    return key if case.schema and key in properties(case.schema) else None


def _list(case: Case) -> Message:
    if isinstance(case.value, str):
        fix = f"write [{', '.join(case.value.replace(',', ' ').split())}]"
    elif isinstance(case.value, dict):
        fix = "put a dash and a space before its first key: it is one item of a list"
    elif case.value is None:
        fix = "write its items below it, each behind a dash, or remove it for the default"
    else:
        fix = f"write [{case.written}]"
    return Message("a list is needed here", case.written, allowed(case.schema), fix)


def _number(case: Case) -> Message:
    permitted = allowed(case.schema)
    whole = permitted.startswith("a whole number")
    return Message(
        f"a {'whole ' if whole else ''}number is needed here",
        case.written,
        permitted,
        _number_fix(case.value, case.written),
    )


def _number_fix(value: object, written: str) -> str:
    if isinstance(value, bool):
        return "write the number itself"
    if isinstance(value, float):
        return f"write {value:.0f}" if value == int(value) else "round it"
    if not isinstance(value, str):
        return ""
    text = unicodedata.normalize("NFKC", value.strip())
    if text != value.strip() and re.fullmatch(r"[0-9.]+", text):
        return f"these are full-width digits; type {text}"
    if octal := re.fullmatch(r"0[oO]?([0-7]+)", text):
        return (
            f"octal is not read here: write {int(octal[1], 8)} if it was meant, "
            f"or {octal[1].lstrip('0') or 0}"
        )
    if re.fullmatch(r"0[xX][0-9a-fA-F]+", text):
        return f"write it in decimal: {int(text, 16)}"
    if re.fullmatch(r"\d+:[0-5]?\d(:[0-5]?\d)?", text):
        return "write one number; a colon is not read as minutes and seconds"
    if re.fullmatch(r"\d+,\d+", text) and not re.fullmatch(r"\d{1,3},\d{3}", text):
        return f"write {text.replace(',', '.')}, with a point"
    if re.fullmatch(r"\d{1,3},\d{3}", text):
        return f"write {text.replace(',', '')} or {text.replace(',', '.')}, whichever is meant"
    if re.fullmatch(r"\d[\d_,]*[_,][\d]+", text):
        return f"leave out the separators: {re.sub('[_,]', '', text)}"
    if duration := re.fullmatch(r"(\d+(?:\.\d+)?)\s*(ms|s|secs?|seconds?|m|mins?|h|秒)", text):
        return _seconds(duration[1], duration[2])
    if re.fullmatch(r"[-+]?\d+(\.\d+)?", text):
        return f"leave out the quotes: {text}" if written.startswith('"') else f"write {text}"
    if re.fullmatch(r"\.\d+|\d+\.", text):
        return f"write {float(text):g}"
    return ""


def _seconds(number: str, unit: str) -> str:
    scale = {"ms": 0.001, "m": 60, "min": 60, "mins": 60, "h": 3600}.get(unit, 1)
    return f"write seconds, without a unit: {float(number) * scale:g}"


def _choice(case: Case) -> Message:
    words = choices(case.schema)
    meant = _meant(str(case.value), words)
    if case.value is None:
        fix = f"write one of them: {case.path[-1]}: {words[0]}"
    elif isinstance(case.value, str) and case.value in words:
        fix = f"leave out the quotes: {case.value}"
    else:
        fix = f"did you mean {meant}?" if meant else ""
    return Message("not one of the words known here", case.written, listed(words), fix)


def _meant(text: str, words: list[str]) -> str | None:
    known = VALUES.get(text.lower())
    return known if known in words else nearest(text, words)


def _text(case: Case) -> Message:
    if isinstance(case.value, bool | int | float):
        fix = f'put it in quotes: "{case.written}"'
    elif case.value is None:
        fix = "write a text behind the colon, or remove the key"
    elif isinstance(case.value, dict | list):
        fix = "write a text on the same line"
    else:
        fix = ""
    return Message("text is needed here", case.written, allowed(case.schema), fix)


def _bool(case: Case) -> Message:
    return Message(
        "true or false is needed here", case.written, "true or false", "write true or false"
    )


def _too_small(case: Case) -> Message:
    return Message("too small", case.written, allowed(case.schema))


def _too_large(case: Case) -> Message:
    return Message("too large", case.written, allowed(case.schema))


def _form(case: Case) -> Message:
    if case.context.get("pattern") == NAME_PATTERN:
        return _bad_name(str(case.value), case.written)
    return Message("not written in the form this key has", case.written, allowed(case.schema))


def _name_fix(name: str) -> str:
    if "[" in name or "]" in name:
        return "only names of hosts can be ranges, such as rs[001:300]"
    if not name:
        return "write a name before the colon"
    if len(name) > 63:
        return "write a shorter name"
    simple = re.sub(r"[^A-Za-z0-9_.-]+", "-", unicodedata.normalize("NFKC", name)).strip("-_.")
    return f"for example {simple}" if simple else "for example rs1"


def _ours(case: Case) -> Message:
    """An error whose validator wrote the message itself."""
    context = case.context
    return Message(
        case.pydantic_message,
        str(context.get("found", case.written)),
        str(context.get("allowed") or allowed(case.schema)),
        str(context.get("fix", "")),
    )


_KINDS: dict[str, Callable[[Case], Message]] = {
    "extra_forbidden": unknown_key,
    "missing": _missing,
    "model_type": _mapping,
    "model_attributes_type": _mapping,
    "dict_type": _mapping,
    "list_type": _list,
    "int_type": _number,
    "float_type": _number,
    "enum": _choice,
    "literal_error": _choice,
    "string_type": _text,
    "path_type": _text,
    "bool_parsing": _bool,
    "bool_type": _bool,
    "greater_than": _too_small,
    "greater_than_equal": _too_small,
    "string_too_short": _too_small,
    "less_than": _too_large,
    "less_than_equal": _too_large,
    "string_too_long": _too_large,
    "finite_number": _number,
    "string_pattern_mismatch": _form,
}


def message_for(kind: str, case: Case) -> Message:
    """The message for an error of pydantic's."""
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        tag = case.value.get("type") if isinstance(case.value, dict) else None
        inner = below(case.schema, "type") if case.schema else None
        every = [{"enum": choices_of_tags(case.schema)}] if case.schema else []
        schema: Schema | None = {"anyOf": every} if every else inner
        return _choice(
            Case((*case.path, "type"), schema, tag, "" if tag is None else str(tag), "", {})
        )
    return _KINDS.get(kind, _ours)(case)


def choices_of_tags(schema: Schema) -> list[str]:
    """The values of a union's discriminator."""
    return list(schema.get("discriminator", {}).get("mapping", {}))
