"""Restart and upgrade of a director's Keepalived. Pure."""

from provisioning.model.hosts import ServiceManager
from provisioning.places import KEEPALIVED
from provisioning.resources.service import restart as restart_handler
from provisioning.resources.shell_call import quote_call
from provisioning.resources.supervisor import SOCKET

RESTART = restart_handler(KEEPALIVED, ServiceManager.SYSTEMD).name
"""Name of the handler that restarts it."""

UPGRADE_PACKAGES = (
    "apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Options::="
    "--force-confold install --only-upgrade keepalived ipvsadm"
)
"""Fragment; it keeps the deployed configuration."""


def restart(manager: ServiceManager) -> str:
    """Build the fragment that stops it, which hands its VIPs over at once, and starts it."""
    if manager is ServiceManager.SYSTEMD:
        return (
            f"{quote_call('systemctl', 'stop', '--', KEEPALIVED)}\n"
            f"{quote_call('systemd_start', KEEPALIVED)}"
        )
    return (
        f"{quote_call('supervisor_stop', SOCKET, KEEPALIVED)}\n"
        f"{quote_call('supervisor_start', SOCKET, KEEPALIVED, 'no')}"
    )
