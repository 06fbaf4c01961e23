"""Leave out an inventory's invalid keys, so that the rules can check the rest of it."""

from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from provisioning.model.inventory import Inventory
from provisioning.model.key_path import KeyPath
from provisioning.model.loader.tree import Tree
from provisioning.model.loader.validation_errors import locate
from provisioning.model.paths import BASE_DIR

_ROUNDS = 4
"""Removing a value may leave the one around it incomplete, which then goes too."""


@dataclass(slots=True)
class Remainder:
    """An inventory without its invalid keys, and how its list indexes map to the file's."""

    inventory: Inventory
    kept: dict[KeyPath, list[int]] = field(default_factory=dict)

    def in_file(self, path: KeyPath) -> KeyPath:
        """The path with the list indexes of the file."""
        found: KeyPath = ()
        for part in path:
            if isinstance(part, int) and found in self.kept and part < len(self.kept[found]):
                part = self.kept[found][part]
            found = (*found, part)
        return found


def drop_invalid(tree: Tree, error: ValidationError, base_dir: Path) -> Remainder | None:
    """The rest of the inventory; ``None`` if too little is left. Marks removed paths doubtful."""
    gone: set[KeyPath] = set()
    for _ in range(_ROUNDS):
        kept: dict[KeyPath, list[int]] = {}
        before = Remainder(Inventory.model_construct(), _places(tree.data, (), gone))
        for details in error.errors(include_url=False, include_input=False, include_context=False):
            path = tree.existing(locate(before.in_file(details["loc"]), tree).path)
            while path in gone:
                path = path[:-1]
            if not path:
                return None
            gone.add(path)
        tree.doubtful += gone
        data = _without(tree.data, (), gone, kept)
        try:
            return Remainder(Inventory.model_validate(data, context={BASE_DIR: base_dir}), kept)
        except ValidationError as next_error:
            error = next_error
    return None


def _places(data: object, path: KeyPath, gone: set[KeyPath]) -> dict[KeyPath, list[int]]:
    kept: dict[KeyPath, list[int]] = {}
    _without(data, path, gone, kept)
    return kept


def _without(
    data: object, path: KeyPath, gone: set[KeyPath], kept: dict[KeyPath, list[int]]
) -> object:
    if isinstance(data, dict):
        return {
            key: _without(value, (*path, key), gone, kept)
            for key, value in data.items()
            if (*path, key) not in gone
        }
    if isinstance(data, list):
        places = [index for index in range(len(data)) if (*path, index) not in gone]
        if len(places) < len(data):
            kept[path] = places
        return [_without(data[index], (*path, index), gone, kept) for index in places]
    return data
