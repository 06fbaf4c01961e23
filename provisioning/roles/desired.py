"""The things that every host of an inventory should have. Pure."""

from dataclasses import dataclass

from ..model.derived.resolve import all_hosts
from ..model.inventory import Inventory
from ..model.runtime import Runtime
from ..model.secrets.shared_secret import SharedSecret
from ..resources.base import Postcondition, Requirement, Resource
from .deployment import Deployment
from .distribution import distribution_requirement
from .firewall import firewall
from .log_shipping import shipping
from .monitoring.exporters import exporters
from .part import RolePart
from .registry import deploy_order
from .release_archive import ReleaseArchive
from .rendering import Templates
from .tls_files import TlsFiles


@dataclass(frozen=True, slots=True)
class DesiredHost:
    """One host: what must hold beforehand, what it should have in order, what must come true."""

    name: str
    requirements: tuple[Requirement, ...] = ()
    resources: tuple[Resource, ...] = ()
    postconditions: tuple[Postcondition, ...] = ()
    partial: bool = False
    """True where this is about these resources alone, and others that are managed there stay."""


def desired_hosts(
    inventory: Inventory,
    release: ReleaseArchive | None,
    runtime: Runtime,
    secret: SharedSecret | None = None,
    tls: TlsFiles | None = None,
) -> dict[str, DesiredHost]:
    """Every host of the inventory by name.

    Without ``release`` the app's release is left out, and without ``secret`` (by which the nodes
    know each other) and ``tls`` their files, as for looking at files only. ``runtime`` is asked
    for of everybody: who forgot it would put drained hosts back to work. Raises
    ``RenderingError`` when a template fails.
    """
    deployment = Deployment(inventory, Templates(inventory), runtime, release, secret, tls)
    found = {}
    for name in all_hosts(inventory):
        roles = [role for role in deploy_order() if name in role.hosts(inventory)]
        parts = [role.part(deployment, name) for role in roles]
        # Last, as nothing of a role waits for them.
        parts += [exporters(deployment, name)] if roles else []
        parts += shipping(deployment, name)
        # After all that it lets in is there, and first to go.
        parts += [firewall.part(deployment, name)] if roles else []
        found[name] = _joined(name, parts)
    return found


def _joined(name: str, parts: list[RolePart]) -> DesiredHost:
    """Roles of one host together; what two of them want alike is wanted once."""
    needs = [distribution_requirement(), *(need for part in parts for need in part.requirements)]
    requirements = {need.title: need for need in needs}
    resources = {resource.id: resource for part in parts for resource in part.resources}
    conditions = tuple(condition for part in parts for condition in part.postconditions)
    return DesiredHost(name, tuple(requirements.values()), tuple(resources.values()), conditions)
