"""Keepalived on a host of whatever role: what its configuration refers to, and its service."""

from dataclasses import replace

from ..model.command import words
from ..model.hosts import ServiceManager
from ..model.inventory import Inventory
from ..places import KEEPALIVED, NOTIFY, SWITCHOVER_FILE, VRRP_STATE
from ..resources.base import Handler, Postcondition, Resource
from ..resources.directory import Directory
from ..resources.flag_file import FlagFile
from ..resources.service import restart
from .rendering import RenderedFile
from .role_host import RoleHost

_TEMPLATES = "director"
"""Folder in ``templates/``; an operator's own stand there, for every role."""
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
        replace(host, folder=_TEMPLATES).script(
            NOTIFY,
            "notify.j2",
            # It runs as long as Keepalived does.
            (restart(KEEPALIVED, host.manager),),
            notify_words=words(host.inventory.vrrp.notify or ""),
            state_folder=VRRP_STATE,
        ),
    ]


def kept_running(host: RoleHost) -> list[Resource]:
    """Keepalived is started again when it dies."""
    host = replace(host, folder=_TEMPLATES)
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


def settled(inventory: Inventory, names: list[str]) -> Postcondition:
    """Keepalived runs, and none of these instances is in between."""
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
