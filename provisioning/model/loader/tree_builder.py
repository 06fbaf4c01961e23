"""Build an inventory's tree from YAML nodes: plain data, and the place of every key and value."""

from typing import NamedTuple

from pydantic import SecretStr
from yaml.error import Mark
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from ..key_path import KeyPath
from ..secrets.vault import MARK
from .diagnostic import Diagnostic
from .excerpt import dotted, shortened
from .tree import Spot, Tree
from .yaml import MAX_DEPTH, TAG

_SCALARS = {"str": str, "int": int, "float": float}
_JINJA = (
    "Jinja is not evaluated in the inventory; write the value itself, or share one by an anchor "
    "(&name) and an alias (*name)"
)


class _Pair(NamedTuple):
    key: ScalarNode
    value: Node
    merged: bool


def build_tree(root: Node, file: str) -> tuple[Tree, list[Diagnostic]]:
    """The tree under the node, and diagnostics of what YAML allows but an inventory does not."""
    builder = _TreeBuilder(file)
    builder.tree.data = builder.value(root, ())
    return builder.tree, builder.diagnostics


class _TreeBuilder:
    def __init__(self, file: str) -> None:
        self.tree = Tree()
        self.diagnostics: list[Diagnostic] = []
        self._file = file

    def _report(
        self, mark: Mark, path: KeyPath, message: str, *, found: str = "", fix: str = ""
    ) -> None:
        self.diagnostics.append(
            Diagnostic(
                self._file, mark.line + 1, mark.column + 1, dotted(path), message, found, fix=fix
            )
        )
        self.tree.doubtful.append(path)

    def _void(
        self, mark: Mark, path: KeyPath, message: str, *, found: str = "", fix: str = ""
    ) -> None:
        self._report(mark, path, message, found=found, fix=fix)
        self.tree.void.add(path)

    def value(self, node: Node, path: KeyPath) -> object:
        """The node's data; ``None`` if it has a diagnostic."""
        written = _written(node)
        self.tree.values[path] = Spot(node.start_mark.line + 1, node.start_mark.column + 1, written)
        if len(path) > MAX_DEPTH:
            # Nesting by aliases is not seen while composing.
            self._void(node.start_mark, path, f"nested more than {MAX_DEPTH} levels deep")
            return None
        if isinstance(node, MappingNode) and node.tag == f"{TAG}map":
            return self._mapping(node, path)
        if isinstance(node, SequenceNode) and node.tag == f"{TAG}seq":
            return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]
        if isinstance(node, ScalarNode):
            self.tree.scalars.add(path)
            return self._scalar(node, path)
        self._unknown_tag(node, path)
        return None

    def _unknown_tag(self, node: Node, path: KeyPath) -> None:
        tag = node.tag.replace(TAG, "!!", 1)
        self._void(
            node.start_mark,
            path,
            f"the tag {shortened(tag)} means nothing here",
            fix="remove the tag; only !vault, for a secret, is known",
        )

    def _scalar(self, node: ScalarNode, path: KeyPath) -> object:
        tag = node.tag.removeprefix(TAG)
        if tag == "!vault":
            return SecretStr(node.value)
        if tag == "null":
            return None
        if tag == "bool" and node.value.lower() in ("true", "false"):
            return node.value.lower() == "true"
        if tag not in _SCALARS:
            self._unknown_tag(node, path)
            return None
        try:
            result: object = _SCALARS[tag](node.value)
        except ValueError:
            self._void(
                node.start_mark, path, f"!!{tag} stands before something else", fix="remove the tag"
            )
            return None
        return self._text(node, result, path) if isinstance(result, str) else result

    def _text(self, node: ScalarNode, text: str, path: KeyPath) -> str | None:
        """The text; ``None`` if it holds characters that no line of a configuration may."""
        kept = "\n\t" if "vars" in path else ""
        bad = next((c for c in text if _is_control(c) and c not in kept), None)
        if bad is not None:
            if text.lstrip().startswith(MARK):
                self._void(
                    node.start_mark,
                    path,
                    "a vault block without its tag",
                    fix="write !vault | in front of it, as ansible-vault encrypt_string prints it",
                )
                return None
            several = bad == "\n"
            self._void(
                node.start_mark,
                path,
                "the text has several lines" if several else f"the text holds U+{ord(bad):04X}",
                fix="write it on one line" if several else "remove the control character",
            )
            return None
        if "{{" in text and "vars" not in path:
            self._void(node.start_mark, path, "this is Jinja", found=_written(node), fix=_JINJA)
            return None
        return text

    def _mapping(self, node: MappingNode, path: KeyPath) -> dict[str, object]:
        pairs = self._pairs(node, path, merged=False, depth=0)
        chosen: dict[str, _Pair] = {}
        for pair in pairs:
            name = pair.key.value
            earlier = chosen.get(name)
            if earlier is not None and not earlier.merged and not pair.merged:
                self._report(
                    pair.key.start_mark,
                    (*path, name),
                    f"written twice; the first is on line {earlier.key.start_mark.line + 1}",
                    found=shortened(name),
                    fix="keep one of them",
                )
            if earlier is None or (earlier.merged and not pair.merged):
                chosen[name] = pair
        return {name: self._entry(pair, (*path, name)) for name, pair in chosen.items()}

    def _entry(self, pair: _Pair, path: KeyPath) -> object:
        mark = pair.key.start_mark
        self.tree.keys[path] = Spot(mark.line + 1, mark.column + 1, shortened(pair.key.value))
        return self.value(pair.value, path)

    def _pairs(self, node: MappingNode, path: KeyPath, *, merged: bool, depth: int) -> list[_Pair]:
        """The mapping's pairs in order, with those of ``<<`` behind them (yaml.org/type/merge)."""
        own: list[_Pair] = []
        inherited: list[_Pair] = []
        for key, value in node.value:
            if key.tag == f"{TAG}merge":
                inherited += self._merged(key, value, path, depth)
            elif not isinstance(key, ScalarNode):
                source = node.start_mark
                jinja = isinstance(key, MappingNode) and source.column == key.start_mark.column - 1
                self._void(
                    key.start_mark,
                    path,
                    "this is Jinja, or braces without quotes" if jinja else "a key must be text",
                    fix=_JINJA if jinja else "write a name, a colon and a space before the value",
                )
            elif any(_is_control(c) for c in key.value):
                self._void(key.start_mark, path, "a key holds a control character or two lines")
            else:
                own.append(_Pair(key, value, merged))
        return own + inherited

    def _merged(self, key: Node, value: Node, path: KeyPath, depth: int) -> list[_Pair]:
        sources = value.value if isinstance(value, SequenceNode) else [value]
        pairs: list[_Pair] = []
        for source in sources:
            if not isinstance(source, MappingNode) or depth >= MAX_DEPTH:
                self._void(
                    key.start_mark,
                    path,
                    "<< takes in a mapping, or a list of them",
                    fix="name one by its alias: <<: *name",
                )
                return pairs
            pairs += self._pairs(source, path, merged=True, depth=depth + 1)
        return pairs


def _is_control(character: str) -> bool:
    code = ord(character)
    return code < 0x20 or 0x7F <= code < 0xA0 or 0xD800 <= code < 0xE000


def _written(node: Node) -> str:
    if isinstance(node, MappingNode):
        return "keys and values" if node.value else "{}"
    if isinstance(node, SequenceNode):
        return f"a list of {len(node.value)}" if node.value else "an empty list"
    if node.tag == "!vault":
        return "a !vault block"
    if node.tag == f"{TAG}null":
        return node.value or "nothing"
    quoted = isinstance(node, ScalarNode) and node.style in ("'", '"')
    return shortened(f'"{node.value}"' if quoted else node.value)
