"""Compose YAML nodes from text, within bounds: depth, number, no alias to itself.

Plain scalars resolve by YAML 1.2's core schema (yaml.org/spec/1.2.2, 10.3) without octal and
hexadecimal numbers: ``yes``, ``22:30``, ``051`` and ``2026-01-01`` stay text, so that no host name,
tag or number turns into something else. Keys that take true or false accept yes and no as well.
"""

import re
from typing import Any

import yaml
from yaml.composer import ComposerError
from yaml.events import AliasEvent
from yaml.nodes import CollectionNode, MappingNode, Node
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.resolver import BaseResolver
from yaml.scanner import Scanner

MAX_DEPTH = 24
"""An inventory goes eight deep."""
MAX_NODES = 50_000
"""A thousand hosts with every key written out; counting an aliased node each time it is used."""

TAG = "tag:yaml.org,2002:"
_WHOLE = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})$")
_DECIMAL = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]+(?:[eE][-+]?[0-9]{1,3})?)$")


class _Composer(yaml.composer.Composer):
    """PyYAML's composer with bounds: neither nesting nor aliases can exhaust the machine."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0
        self._count = 0
        self._sizes: dict[int, int] = {}

    def compose_node(self, parent: Node | None, index: Any) -> Node | None:
        """One node and all below it. Raises ``ComposerError``."""
        event = self.peek_event()  # type: ignore[attr-defined]
        mark = event.start_mark
        if self._depth >= MAX_DEPTH:
            raise ComposerError(None, None, f"nested more than {MAX_DEPTH} levels deep", mark)
        self._depth += 1
        node = super().compose_node(parent, index)
        self._depth -= 1
        if isinstance(event, AliasEvent):
            # PyYAML sets the end of a collection when it has all of it.
            if isinstance(node, CollectionNode) and node.end_mark is None:
                raise ComposerError(None, None, f"*{event.anchor} contains itself", mark)
            self._count += self._size(node)
        else:
            self._count += 1
        if self._count > MAX_NODES:
            raise ComposerError(None, None, f"more than {MAX_NODES} values", mark)
        return node

    def _size(self, node: Any) -> int:
        if not isinstance(node, CollectionNode):
            return 1
        if (known := self._sizes.get(id(node))) is None:
            pairs = isinstance(node, MappingNode)
            children = [n for pair in node.value for n in pair] if pairs else node.value
            known = self._sizes[id(node)] = 1 + sum(self._size(child) for child in children)
        return known


class _Resolver(BaseResolver):
    """Resolver for the plain scalars that are not text."""


for _tag, _pattern, _first in (
    ("bool", re.compile(r"(?:true|True|TRUE|false|False|FALSE)$"), "tTfF"),
    ("null", re.compile(r"(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""]),
    ("int", _WHOLE, "-+0123456789"),
    ("float", _DECIMAL, "-+0123456789"),
    ("merge", re.compile(r"<<$"), "<"),
):
    _Resolver.add_implicit_resolver(TAG + _tag, _pattern, list(_first))


class _Loader(Reader, Scanner, Parser, _Composer, _Resolver):
    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)
        _Composer.__init__(self)
        _Resolver.__init__(self)


def compose(text: str) -> Node | None:
    """The root node; ``None`` if the text has no document. Raises ``yaml.YAMLError``."""
    loader = _Loader(text)
    try:
        node: Node | None = loader.get_single_node()
    except (ValueError, OverflowError) as error:
        # PyYAML's scanner lets int() and chr() speak for themselves (escapes, %YAML).
        raise ComposerError(
            None, None, f"has a number or an escape out of range ({error})", loader.get_mark()
        ) from None
    finally:
        loader.dispose()
    return node
