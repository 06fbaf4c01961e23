"""The app's process, and the end of its log. Pure."""

from dataclasses import dataclass

from provisioning.facts.fact import Fact
from provisioning.model.hosts import ServiceManager
from provisioning.places import APP_SERVICE
from provisioning.resources.base import Observation
from provisioning.resources.shell_call import quote_call
from provisioning.resources.supervisor import SOCKET

_LOG = "/var/log/cosyvoice/app.log"


@dataclass(frozen=True, slots=True)
class AppProcess:
    """One look at it."""

    pid: str | None
    """Nothing where it does not run."""
    log: str
    """The last lines."""


def app_process(manager: ServiceManager) -> Fact[AppProcess]:
    """The process that the service manager keeps for the app."""
    if manager is ServiceManager.SYSTEMD:
        look = quote_call("systemd_look", APP_SERVICE)
        alive = f'{look}\ncase $ACTIVE in active) echo "up $PID" ;; *) echo "down 0" ;; esac'
    else:
        look = quote_call("supervisor_look", SOCKET, APP_SERVICE)
        alive = (
            f"{look}\n"
            'case $PROCESS in RUNNING | STARTING) echo "up $PID" ;; *) echo "down 0" ;; esac'
        )
    return Fact("app_process", f"{alive}\ntail -n 6 -- {_LOG} 2>/dev/null || :", _parse)


def _parse(found: Observation) -> AppProcess:
    state, _, log = found.stdout.partition("\n")
    alive, _, pid = state.partition(" ")
    return AppProcess(pid if alive == "up" else None, log)
