"""The program that keeps services running on a host: systemd, or Supervisor where it is not PID 1.
Pure."""

from ...model.hosts import ServiceManager
from ...resources.base import Observation
from ..fact import Fact


def _parse(found: Observation) -> ServiceManager | None:
    name = found.stdout.strip()
    if not name:
        return None
    return ServiceManager.SYSTEMD if name == "systemd" else ServiceManager.SUPERVISOR


INIT_SYSTEM = Fact("init_system", 'read -r init < /proc/1/comm; echo "$init"', _parse)
"""Program that is used; None where the host does not tell."""
