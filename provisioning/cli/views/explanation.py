"""A key of the inventory explained, for a person and as data."""

from dataclasses import asdict
from typing import Any

import yaml
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ...model.explaining.explaining import Explanation, Key


def explanation_record(explained: Explanation) -> dict[str, object]:
    """``{"key", "meaning", "type", "allowed", "default", "needed", "kinds", "example", "page",
    "keys": as in ``keys_record``}``."""
    record = asdict(explained)
    return {"key": record.pop("place"), **record, "keys": keys_record(explained.keys)}


def keys_record(keys: tuple[Key, ...]) -> list[dict[str, object]]:
    """``[{"key": str, "meaning": str, "default": str, "needed": bool}]``."""
    return [
        {"key": k.place, "meaning": k.meaning, "default": k.default, "needed": k.needed}
        for k in keys
    ]


def show_explanation(console: Console, explained: Explanation) -> None:
    """Everything, and below it the keys that it has."""
    console.print(Text(explained.place, "bold"))
    console.print(Text(_plain(explained.meaning)))
    facts = Table(box=None, show_header=False, padding=(0, 0, 0, 2))
    facts.add_column(no_wrap=True, style="dim")
    facts.add_column()
    for word, text in _facts(explained):
        facts.add_row(word, Text(text))
    console.print(facts)
    console.print(Text("\n  example", "dim"))
    for line in explained.example.rstrip("\n").splitlines():
        console.print(Text(f"    {line}", "green"), soft_wrap=True)
    if explained.keys:
        console.print()
        show_keys(console, explained.keys)


def _facts(explained: Explanation) -> list[tuple[str, str]]:
    facts = [("type", explained.type), ("allowed", explained.allowed)]
    facts.append(("default", "none: it is needed" if explained.needed else _default(explained)))
    if explained.kinds:
        facts.append(("only for", f"type: {' or '.join(explained.kinds)}"))
    if explained.page:
        facts.append(("see", explained.page))
    return [(word, text) for word, text in facts if text]


def _default(explained: Explanation) -> str:
    default: Any = explained.default
    if default is None:
        return "absent"
    if isinstance(default, dict):
        default = {key: value for key, value in default.items() if value not in (None, {}, [])}
        if explained.keys:
            return "those of its keys, below"
    text: str = yaml.safe_dump(default, default_flow_style=True, allow_unicode=True, width=1000)
    return text.removesuffix("\n").removesuffix("\n...")


def show_keys(console: Console, keys: tuple[Key, ...]) -> None:
    """A list of keys, each with its meaning in a sentence."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="bold")
    table.add_column()
    for key in keys:
        said = "needed" if key.needed else f"default {key.default}" if key.default else ""
        about = (f" ({said})", "yellow" if key.needed else "dim") if said else ""
        table.add_row(key.place, Text.assemble(_plain(key.meaning), about))
    console.print(table)


def _plain(text: str) -> str:
    """Without the marks of reStructuredText, which an editor shows well and a terminal does not."""
    return text.replace("``", "`")
