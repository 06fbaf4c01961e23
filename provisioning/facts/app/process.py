"""The app's process, and the end of its log. Pure."""

from dataclasses import dataclass

from ...model.derived.nodes import Node
from ...model.hosts import ServiceManager
from ...resources.base import Observation
from ...resources.shell_call import quote_call
from ...resources.supervisor import SOCKET
from ..fact import Fact
from .target import of_node


@dataclass(frozen=True, slots=True)
class AppProcess:
    """One look at it."""

    pid: str | None
    """Nothing where it does not run."""
    log: str
    """The last lines."""


def app_process(node: Node, manager: ServiceManager) -> Fact[AppProcess]:
    """The process that the service manager keeps for a node."""
    if manager is ServiceManager.SYSTEMD:
        look = quote_call("systemd_look", node.service)
        alive = f'{look}\ncase $ACTIVE in active) echo "up $PID" ;; *) echo "down 0" ;; esac'
    else:
        look = quote_call("supervisor_look", SOCKET, node.service)
        alive = (
            f"{look}\n"
            'case $PROCESS in RUNNING | STARTING) echo "up $PID" ;; *) echo "down 0" ;; esac'
        )
    tail = f"tail -n 6 -- {node.log} 2>/dev/null || :"
    return Fact(of_node("app_process", node), f"{alive}\n{tail}", _parse)


def _parse(found: Observation) -> AppProcess:
    state, _, log = found.stdout.partition("\n")
    alive, _, pid = state.partition(" ")
    return AppProcess(pid if alive == "up" else None, log)
