"""Read an inventory file into an inventory, reporting every mistake at once.

PyYAML gives nodes with their places in the file, pydantic checks each value, and the rules check
what the values mean together. Invalid values are left out, so that the rules still see the others.
"""

from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import ValidationError
from yaml.nodes import MappingNode, Node, SequenceNode

from ..inventory import Inventory
from ..key_path import KeyPath
from ..paths import BASE_DIR
from ..rules import findings
from ..rules.finding import Context, Finding
from ..walking import secrets as every_secret
from .diagnostic import Diagnostic, InventoryError
from .excerpt import dotted, masked
from .range_hosts import expand_hosts
from .repeated import once_a_range
from .source import read_text
from .syntax import explain as explain_syntax
from .syntax import stray_break
from .tree import Tree
from .tree_builder import build_tree
from .validation_errors import explain
from .without_invalid import Remainder, drop_invalid
from .yaml import compose


@dataclass(frozen=True, slots=True)
class Reading:
    """An inventory and its warnings."""

    inventory: Inventory
    warnings: list[Diagnostic]


def load_inventory(path: Path) -> Inventory:
    """The inventory in the file. Raises ``InventoryError`` with every diagnostic."""
    return read_inventory(path).inventory


def read_inventory(path: Path) -> Reading:
    """The inventory in the file, with warnings. Raises ``InventoryError`` with every diagnostic."""
    return parse_inventory(read_text(path), path)


def parse_inventory(text: str, path: Path) -> Reading:
    """The inventory in a text that is, or will be, the file's. Raises ``InventoryError``."""
    file = str(path)
    tree, diagnostics = _build_tree(text, file)
    base_dir = path.absolute().parent
    remainder: Remainder | None
    try:
        remainder = Remainder(Inventory.model_validate(tree.data, context={BASE_DIR: base_dir}))
    except ValidationError as error:
        diagnostics += explain(error, tree, file)
        remainder = drop_invalid(tree, error, base_dir)
    if remainder is not None:
        context = Context(remainder.inventory, base_dir)
        diagnostics += [
            _diagnostic(finding, remainder, tree, file)
            for finding in findings(context)
            if not _doubtful(finding, remainder, tree)
        ]
    diagnostics = once_a_range(diagnostics, tree)
    diagnostics.sort(key=lambda diagnostic: (diagnostic.line, diagnostic.column))
    if remainder is None or any(diagnostic.severity == "error" for diagnostic in diagnostics):
        raise InventoryError(diagnostics)
    _place_secrets(remainder, tree, file, base_dir)
    return Reading(remainder.inventory, diagnostics)


def _place_secrets(remainder: Remainder, tree: Tree, file: str, base_dir: Path) -> None:
    """Have secrets know where they stand, for messages when they are needed."""
    for path, source in every_secret(remainder.inventory):
        if source.command is None:
            continue
        there = remainder.in_file(path)
        source.stands_at(f"{file}:{tree.spot(there).line}: {dotted(tree.shown(there))}", base_dir)


def _build_tree(text: str, file: str) -> tuple[Tree, list[Diagnostic]]:
    if diagnostic := stray_break(text, file):
        raise InventoryError([diagnostic])
    try:
        root = compose(text)
    except yaml.YAMLError as error:
        raise InventoryError([explain_syntax(error, text, file)]) from None
    if not isinstance(root, MappingNode):
        raise InventoryError([_not_a_mapping(root, text, file)])
    tree, diagnostics = build_tree(root, file)
    return tree, diagnostics + expand_hosts(tree, file)


def _not_a_mapping(root: Node | None, text: str, file: str) -> Diagnostic:
    if root is None:
        message, fix = "the inventory is empty", "`cluster init` writes one to start from"
        return Diagnostic(file, 1, 1, "", message, fix=fix)
    message = "an inventory is one mapping: lines of `key: value`"
    fix = "start with `vip: 192.0.2.100`; `cluster init` writes a whole one"
    if isinstance(root, SequenceNode):
        fix = "leave out the dashes at the left edge"
    elif "vrrp_instance" in text or "virtual_server" in text:
        fix = "this is a keepalived.conf; an inventory is what one is made from: `cluster init`"
    elif "：" in text:
        fix = "the colons are full-width (：); type `: `, with a space behind"
    elif ":" in text:
        fix = "put a space behind each colon"
    mark = root.start_mark
    found = "a list" if isinstance(root, SequenceNode) else "text"
    return Diagnostic(file, mark.line + 1, mark.column + 1, "", message, found, fix=fix)


def _diagnostic(finding: Finding, remainder: Remainder, tree: Tree, file: str) -> Diagnostic:
    path = remainder.in_file(finding.path)
    spot = tree.spot(path)
    found = masked(path, tree) if finding.found is None else finding.found
    return Diagnostic(
        file,
        spot.line,
        spot.column,
        dotted(tree.shown(path)),
        finding.message,
        found,
        finding.allowed,
        finding.fix,
        finding.severity,
    )


def _doubtful(finding: Finding, remainder: Remainder, tree: Tree) -> bool:
    paths = [remainder.in_file(path) for path in (finding.path, *finding.also)]
    return any(_touches(path, wrong) for path in paths for wrong in tree.doubtful)


def _touches(path: KeyPath, wrong: KeyPath) -> bool:
    """True if the invalid value is at the path, around it, or a member of it."""
    return path[: len(wrong)] == wrong or (len(wrong) == len(path) + 1 and wrong[:-1] == path)
