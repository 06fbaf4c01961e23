"""What a role's part of a host is made from."""

from dataclasses import dataclass

from provisioning.model.inventory import Inventory
from provisioning.model.runtime import Runtime
from provisioning.roles.release_archive import ReleaseArchive
from provisioning.roles.rendering import Templates


@dataclass(frozen=True, slots=True)
class Deployment:
    """The cluster as it is to be, for one inventory."""

    inventory: Inventory
    templates: Templates
    runtime: Runtime
    release: ReleaseArchive | None = None
    """The app's; without it the release is left out, as for looking at files only."""
    secret: str | None = None
    """By which the nodes know each other; without it its file is left out."""
