"""Stop and start a node of a real server, under either service manager. Pure."""

from ....model.hosts import ServiceManager
from ....resources.shell_call import quote_call
from ....resources.supervisor import SOCKET


def stop(service: str, manager: ServiceManager) -> str:
    """Build the fragment that stops the app and waits for its end; one that is down is fine."""
    if manager is ServiceManager.SYSTEMD:
        return quote_call("systemctl", "stop", "--", service)
    return quote_call("supervisor_stop", SOCKET, service)


def start(service: str, manager: ServiceManager) -> str:
    """Build the fragment that starts the app, and fails with its last output unless it stays up
    for a moment; one that runs is fine."""
    if manager is ServiceManager.SYSTEMD:
        return quote_call("systemd_start", service)
    return quote_call("supervisor_start", SOCKET, service, "no")
