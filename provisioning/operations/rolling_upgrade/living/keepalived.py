"""Keepalived of a director, where a reload is not enough. Pure."""

from provisioning.model.hosts import ServiceManager
from provisioning.resources.service import restart as restart_handler
from provisioning.resources.shell_call import quote_call
from provisioning.resources.supervisor import SOCKET
from provisioning.roles.places import KEEPALIVED

RESTART = restart_handler(KEEPALIVED, ServiceManager.SYSTEMD).name
"""Name of the handler that restarts it."""

REPLACED = (
    "case $(readlink /proc/$(pgrep -o -x keepalived)/exe) in *' (deleted)') exit 0 ;; esac; exit 1"
)
"""Succeeds where the program that runs is not the one on the disk any more."""

UPGRADE_PACKAGES = (
    "apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Options::="
    "--force-confold install --only-upgrade keepalived ipvsadm"
)
"""The configuration stays ours."""


def restart(manager: ServiceManager) -> str:
    """Fragment that ends it, which hands its VIPs over at once, and starts it."""
    if manager is ServiceManager.SYSTEMD:
        return (
            f"{quote_call('systemctl', 'stop', '--', KEEPALIVED)}\n"
            f"{quote_call('systemd_start', KEEPALIVED)}"
        )
    return (
        f"{quote_call('supervisor_stop', SOCKET, KEEPALIVED)}\n"
        f"{quote_call('supervisor_start', SOCKET, KEEPALIVED, 'no')}"
    )
