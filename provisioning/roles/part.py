"""The demands of one role on a host."""

from dataclasses import dataclass

from ..resources.base import Postcondition, Requirement, Resource


@dataclass(frozen=True, slots=True)
class RolePart:
    """A role's share of a host."""

    requirements: tuple[Requirement, ...]
    resources: tuple[Resource, ...]
    postconditions: tuple[Postcondition, ...]
