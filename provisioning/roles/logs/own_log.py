"""Places of what the services of central logs say of themselves. Pure."""

from ...model.hosts import ServiceManager
from ..role import Log


def service_log(service: str, manager: ServiceManager) -> Log:
    """Place of what the service says of itself."""
    supervised = manager is ServiceManager.SUPERVISOR
    return Log(service, f"/var/log/{service}.log" if supervised else None)
