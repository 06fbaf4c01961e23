"""State of the app's service in its service manager. Pure."""

from provisioning.facts.fact import Fact
from provisioning.model.hosts import ServiceManager
from provisioning.places import APP_SERVICE
from provisioning.resources import supervisor
from provisioning.resources.base import Observation

_NAME = "app_service"


def app_service(manager: ServiceManager) -> Fact[str]:
    """``running``, or the service manager's word for what it is instead."""
    if manager is ServiceManager.SYSTEMD:
        return Fact(_NAME, f"systemctl is-active {APP_SERVICE}", _systemd)
    # Not supervisorctl: it is a Python program, which takes a second to start on a slow host.
    return Fact(_NAME, supervisor.observe(supervisor.SOCKET, APP_SERVICE), _supervisor)


def _systemd(found: Observation) -> str:
    text = found.stdout.strip()
    return "running" if text == "active" else text


def _supervisor(found: Observation) -> str:
    if found.status != 0:
        return found.stderr.strip() or found.stdout.strip()
    word, status = supervisor.state(found)
    if word == "RUNNING":
        return "running"
    return f"{word} with status {status}" if status else word
