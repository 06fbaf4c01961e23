"""Keepalived on a director: its configuration and its checks."""

from ...model.derived.resolve import virtual_services
from ...model.inventory import Inventory
from ...model.service import MiscCheck
from ...places import (
    DYNAMIC_CHECK,
    KEEPALIVED,
    KEEPALIVED_CONF,
    instance_name,
)
from ...resources.base import Postcondition, Resource
from ...resources.file import File
from ...resources.service import reload, restart
from ..keepalived_service import VALIDATE, kept_running, settled
from ..rendering import RenderedFile
from ..role_host import RoleHost
from .keepalived_conf import configuration, has_password


def configured(host: RoleHost) -> list[Resource]:
    """The configuration; and the service, started again when it dies."""
    inventory = host.inventory
    return [
        *_dynamic_check(host),
        RenderedFile(
            path=KEEPALIVED_CONF,
            content=host.render(
                "keepalived.conf.j2", **configuration(inventory, host.name, host.runtime)
            ),
            # It may hold auth_pass.
            mode=0o600,
            validate=VALIDATE,
            sensitive=has_password(inventory),
            triggers=(reload(KEEPALIVED, host.manager),),
            # One that served something else before goes back to that.
            returned=restart(KEEPALIVED, host.manager),
        ),
        *kept_running(host),
    ]


def _dynamic_check(host: RoleHost) -> list[File]:
    checks = [service.check for service in virtual_services(host.inventory)]
    if not any(isinstance(check, MiscCheck) and check.dynamic for check in checks):
        return []
    content = host.render("dynamic-check.j2")
    return [RenderedFile(path=DYNAMIC_CHECK, content=content, mode=0o755)]


def vrrp_settled(inventory: Inventory) -> Postcondition:
    """Keepalived runs, and no instance is in between."""
    names = [instance_name(number) for number in range(len(inventory.virtual_ips))]
    return settled(inventory, names)
