"""An inventory file to an inventory, with every problem at once.

PyYAML gives nodes with their places in the file, pydantic checks each value, and the rules check
what the values mean together. Where values are wrong, the rules still see the others.
"""

from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import ValidationError
from yaml.nodes import MappingNode, Node, SequenceNode

from provisioning.model.composing import compose
from provisioning.model.explaining import explain
from provisioning.model.inventory import Inventory
from provisioning.model.paths import BASE_DIR
from provisioning.model.planting import plant
from provisioning.model.problem import InventoryError, Problem
from provisioning.model.pruning import Pruned, prune
from provisioning.model.rules import findings
from provisioning.model.rules.finding import Context, Finding
from provisioning.model.secrecy import masked
from provisioning.model.source import read_text
from provisioning.model.syntax import explain as explain_syntax
from provisioning.model.syntax import stray_break
from provisioning.model.tree import KeyPath, Tree, dotted


@dataclass(frozen=True, slots=True)
class Reading:
    """An inventory and what there is to say about it."""

    inventory: Inventory
    warnings: list[Problem]


def load_inventory(path: Path) -> Inventory:
    """The inventory in the file. Raises ``InventoryError`` with every problem."""
    return read_inventory(path).inventory


def read_inventory(path: Path) -> Reading:
    """The inventory in the file, with warnings. Raises ``InventoryError`` with every problem."""
    return parse_inventory(read_text(path), path)


def parse_inventory(text: str, path: Path) -> Reading:
    """The inventory that stands in the file, or will. Raises ``InventoryError``."""
    file = str(path)
    tree, problems = _plant(text, file)
    base_dir = path.absolute().parent
    pruned: Pruned | None
    try:
        pruned = Pruned(Inventory.model_validate(tree.data, context={BASE_DIR: base_dir}))
    except ValidationError as error:
        problems += explain(error, tree, file)
        pruned = prune(tree, error, base_dir)
    if pruned is not None:
        context = Context(pruned.inventory, base_dir)
        problems += [
            _problem(finding, pruned, tree, file)
            for finding in findings(context)
            if not _doubtful(finding, pruned, tree)
        ]
    problems.sort(key=lambda problem: (problem.line, problem.column))
    if pruned is None or any(problem.severity == "error" for problem in problems):
        raise InventoryError(problems)
    return Reading(pruned.inventory, problems)


def _plant(text: str, file: str) -> tuple[Tree, list[Problem]]:
    if problem := stray_break(text, file):
        raise InventoryError([problem])
    try:
        root = compose(text)
    except yaml.YAMLError as error:
        raise InventoryError([explain_syntax(error, text, file)]) from None
    if not isinstance(root, MappingNode):
        raise InventoryError([_not_a_mapping(root, text, file)])
    return plant(root, file)


def _not_a_mapping(root: Node | None, text: str, file: str) -> Problem:
    if root is None:
        message, fix = "the inventory is empty", "`cluster init` writes one to start from"
        return Problem(file, 1, 1, "", message, fix=fix)
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
    return Problem(file, mark.line + 1, mark.column + 1, "", message, found, fix=fix)


def _problem(finding: Finding, pruned: Pruned, tree: Tree, file: str) -> Problem:
    path = pruned.in_file(finding.path)
    spot = tree.spot(path)
    found = masked(path, tree) if finding.found is None else finding.found
    return Problem(
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


def _doubtful(finding: Finding, pruned: Pruned, tree: Tree) -> bool:
    paths = [pruned.in_file(path) for path in (finding.path, *finding.also)]
    return any(_touches(path, wrong) for path in paths for wrong in tree.doubtful)


def _touches(path: KeyPath, wrong: KeyPath) -> bool:
    """Whether the wrong value is the path's, around it, or a member of it."""
    return path[: len(wrong)] == wrong or (len(wrong) == len(path) + 1 and wrong[:-1] == path)
