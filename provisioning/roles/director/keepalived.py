"""Keepalived on a director: its configuration, its helpers, its service."""

from ...model.command import words
from ...model.hosts import ServiceManager
from ...model.inventory import Inventory
from ...model.resolve import virtual_services
from ...model.service import MiscCheck
from ...places import (
    DYNAMIC_CHECK,
    KEEPALIVED,
    KEEPALIVED_CONF,
    NOTIFY,
    SWITCHOVER_FILE,
    VRRP_STATE,
    instance_name,
)
from ...resources.base import Handler, Postcondition, Resource
from ...resources.directory import Directory
from ...resources.file import File
from ...resources.flag_file import FlagFile
from ...resources.service import reload, restart
from ..rendering import RenderedFile
from ..role_host import RoleHost
from .keepalived_conf import configuration, has_password

VALIDATE = (
    # `keepalived -t` answers 0 to some mistakes and prints them all the same, and its codes differ
    # from its manual's; so any word and any other code is a refusal.
    'said=$(keepalived -t -f "$CANDIDATE" 2>&1) && [ -z "$said" ] || '
    '{ echo "keepalived -t: $said"; exit 1; }'
)


def helpers(host: RoleHost) -> list[Resource]:
    """The folder, and what the configuration refers to."""
    return [
        Directory(path="/etc/keepalived"),
        # A switch-over that was cut may have left a 1 there.
        FlagFile(path=SWITCHOVER_FILE, content="0\n"),
        host.script(
            NOTIFY,
            "notify.j2",
            # It runs as long as Keepalived does.
            (restart(KEEPALIVED, host.manager),),
            notify_words=words(host.inventory.vrrp.notify or ""),
            state_folder=VRRP_STATE,
        ),
    ]


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


def kept_running(host: RoleHost) -> list[Resource]:
    """Keepalived is started again when it dies, on whatever host."""
    if host.manager is ServiceManager.SUPERVISOR:
        return [host.unit(KEEPALIVED, (restart(KEEPALIVED, host.manager),))]
    # Debian's package brings the unit.
    path = f"/etc/systemd/system/{KEEPALIVED}.service.d"
    return [
        Directory(path=path),
        RenderedFile(
            path=f"{path}/cosyvoice.conf",
            content=host.render("keepalived.restart.conf.j2"),
            # systemd knows it from now on; what runs need not be disturbed for it.
            triggers=(Handler("systemd knows", "systemctl daemon-reload", disturbs=False),),
        ),
    ]


def vrrp_settled(inventory: Inventory) -> Postcondition:
    """Keepalived runs, and no instance is in between."""
    names = [instance_name(number) for number in range(len(inventory.virtual_ips))]
    return settled(inventory, names)


def settled(inventory: Inventory, names: list[str]) -> Postcondition:
    """The same of instances by their names."""
    tests = "\n".join(
        f'read -r state < {VRRP_STATE}/vrrp-{name} || {{ echo "{name}: no state yet"; exit 1; }}\n'
        f'case $state in MASTER|BACKUP) ;; *) echo "{name} is $state"; exit 1 ;; esac'
        for name in names
    )
    # Three adverts until a lone director takes over, and room for a slow host.
    patience = 30 + round(4 * inventory.vrrp.advert_interval)
    return Postcondition(
        "every VRRP instance is MASTER or BACKUP",
        f"pidof keepalived >/dev/null || {{ echo keepalived does not run; exit 1; }}\n{tests}",
        patience,
        "see keepalived's log on this host",
    )
