"""The way a host keeps a program running: the resources under either service manager."""

from ..model.hosts import ServiceManager
from ..resources.base import Requirement, Resource
from ..resources.package import Packages
from ..resources.supervisor_daemon import SupervisorDaemon


def manager_resources(manager: ServiceManager) -> tuple[Resource, ...]:
    """List what must be there before programs can be given to the manager."""
    if manager is ServiceManager.SYSTEMD:
        return ()
    return (Packages(names=("supervisor",)), SupervisorDaemon())


def manager_requirement(manager: ServiceManager) -> Requirement:
    """The host's init is what the inventory says it is."""
    if manager is ServiceManager.SYSTEMD:
        return Requirement(
            "systemd is PID 1",
            'read -r init < /proc/1/comm; echo "PID 1 is $init"; [ "$init" = systemd ]',
            "set service_manager: supervisor for this host",
        )
    return Requirement(
        "systemd is not PID 1",
        'read -r init < /proc/1/comm; echo "PID 1 is $init"; [ "$init" != systemd ]',
        "set service_manager: systemd for this host, or Supervisor itself would have no keeper",
    )


def unit_path(name: str, manager: ServiceManager) -> str:
    """Return where the program's definition lies."""
    if manager is ServiceManager.SYSTEMD:
        return f"/etc/systemd/system/{name}.service"
    return f"/etc/supervisor/conf.d/{name}.conf"


def unit_template(role: str, name: str, manager: ServiceManager) -> str:
    """The template of the program's definition."""
    kind = "service" if manager is ServiceManager.SYSTEMD else "supervisor.conf"
    return f"{role}/{name}.{kind}.j2"
