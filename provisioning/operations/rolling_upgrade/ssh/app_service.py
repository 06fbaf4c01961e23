"""Stop and start the app of a real server, under either service manager. Pure."""

from provisioning.model.hosts import ServiceManager
from provisioning.places import APP_SERVICE
from provisioning.resources.shell_call import quote_call
from provisioning.resources.supervisor import SOCKET


def stop(manager: ServiceManager) -> str:
    """Build the fragment that stops the app and waits for its end; one that is down is fine."""
    if manager is ServiceManager.SYSTEMD:
        return quote_call("systemctl", "stop", "--", APP_SERVICE)
    return quote_call("supervisor_stop", SOCKET, APP_SERVICE)


def start(manager: ServiceManager) -> str:
    """Build the fragment that starts the app, and fails with its last output unless it stays up
    for a moment; one that runs is fine."""
    if manager is ServiceManager.SYSTEMD:
        return quote_call("systemd_start", APP_SERVICE)
    return quote_call("supervisor_start", SOCKET, APP_SERVICE, "no")
