"""Docstrings below the fields of the inventory's classes, in its JSON Schema.

pydantic's ``use_attribute_docstrings`` reads them too, but from the source of every class when the
class is made: a quarter of the time in which any command starts. Few commands need a schema.
"""

import ast
import inspect
import itertools
import re
import sys
from collections.abc import Iterator
from functools import cache
from typing import Any

from ..base import Part


def describe(schema: dict[str, Any]) -> None:
    """Give each property of the schema and of its ``$defs``, named as the classes are, the
    docstring of its field as its description."""
    found = {schema["title"]: schema, **schema["$defs"]}
    for part in _parts(Part):
        # A class of which values are text has none.
        properties = found.get(re.sub(r"\W", "_", part.__name__), {}).get("properties", {})
        docstrings = _docstrings(part) if properties else {}
        for name, field in part.model_fields.items():
            key = field.alias or name
            if (docstring := docstrings.get(name)) and key in properties:
                # One that the field itself has goes first; in pydantic's order.
                told = {"description": docstring, **properties[key]}
                properties[key] = dict(sorted(told.items()))


def _parts(part: type[Part]) -> Iterator[type[Part]]:
    for below in part.__subclasses__():
        yield below
        yield from _parts(below)


def _docstrings(part: type[Part]) -> dict[str, str]:
    """By the field's name; those of a field that is inherited are its first class's."""
    found: dict[str, str] = {}
    for one in reversed(part.__mro__):
        if issubclass(one, Part) and one is not Part:
            found |= _own_docstrings(one)
    return found


def _own_docstrings(part: type[Part]) -> dict[str, str]:
    classes = (node for node in _module(part.__module__).body if isinstance(node, ast.ClassDef))
    # A generic class with its types filled in stands nowhere; it has those of the class itself.
    body: list[ast.stmt] = next((one.body for one in classes if one.name == part.__name__), [])
    return {
        field.target.id: inspect.cleandoc(below.value.value)
        for field, below in itertools.pairwise(body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(below, ast.Expr)
        and isinstance(below.value, ast.Constant)
        and isinstance(below.value.value, str)
    }


@cache
def _module(name: str) -> ast.Module:
    return ast.parse(inspect.getsource(sys.modules[name]))
