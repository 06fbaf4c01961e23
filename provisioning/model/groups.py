"""The groups of hosts an inventory may have: its fields that hold one."""

from functools import cache
from typing import Any, get_args

from provisioning.model.hosts import Group
from provisioning.model.inventory import Inventory


@cache
def group_types() -> dict[str, type[Group[Any]]]:
    """Every group by its inventory key, in the inventory's order."""
    found = {key: _group_in(field.annotation) for key, field in Inventory.model_fields.items()}
    return {key: group for key, group in found.items() if group is not None}


def managed_groups() -> dict[str, type[Group[Any]]]:
    """Those to whose hosts something is brought."""
    return {key: group for key, group in group_types().items() if group.managed}


def _group_in(annotation: object) -> type[Group[Any]] | None:
    for kind in (annotation, *get_args(annotation)):
        if isinstance(kind, type) and issubclass(kind, Group):
            return kind
    return None
