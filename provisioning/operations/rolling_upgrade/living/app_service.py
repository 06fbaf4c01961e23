"""Stops and starts the app of a real server, whatever keeps it running. Pure."""

from provisioning.model.hosts import ServiceManager
from provisioning.resources.shell_call import quote_call
from provisioning.resources.supervisor import SOCKET
from provisioning.roles.places import APP_SERVICE

_LOG = "/var/log/cosyvoice/app.log"


def stop(manager: ServiceManager) -> str:
    """Fragment that ends it and waits for its end; one that does not run is fine."""
    if manager is ServiceManager.SYSTEMD:
        return quote_call("systemctl", "stop", "--", APP_SERVICE)
    return quote_call("supervisor_stop", SOCKET, APP_SERVICE)


def start(manager: ServiceManager) -> str:
    """Fragment that starts it, and fails with its last words unless it stays up for a moment; one
    that runs is fine."""
    if manager is ServiceManager.SYSTEMD:
        return quote_call("systemd_start", APP_SERVICE)
    return quote_call("supervisor_start", SOCKET, APP_SERVICE, "no")


def process(manager: ServiceManager) -> str:
    """Fragment that prints ``up PID`` or ``down 0``, then the app's last words."""
    if manager is ServiceManager.SYSTEMD:
        look = quote_call("systemd_look", APP_SERVICE)
        alive = f'{look}\ncase $ACTIVE in active) echo "up $PID" ;; *) echo "down 0" ;; esac'
    else:
        look = quote_call("supervisor_look", SOCKET, APP_SERVICE)
        alive = (
            f"{look}\n"
            'case $PROCESS in RUNNING | STARTING) echo "up $PID" ;; *) echo "down 0" ;; esac'
        )
    return f"{alive}\ntail -n 6 -- {_LOG} 2>/dev/null || :"
