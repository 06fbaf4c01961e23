"""A daemon of a Debian package, run with a command line of ours by either service manager."""

from dataclasses import dataclass, replace

from ...model.hosts import ServiceManager
from ...resources.base import Handler, Resource
from ...resources.directory import Directory
from ...resources.service import Service, reload, restart
from ..rendering import RenderedFile
from ..role_host import RoleHost


@dataclass(frozen=True, slots=True)
class PackagedDaemon:
    """One whose unit the package brings; the program has the service's name."""

    name: str
    arguments: tuple[str, ...]
    user: str = "prometheus"
    """The package's account for it."""
    group: str = ""
    """A further group, by which it reads what others may not."""

    def kept_running(self, host: RoleHost) -> list[Resource]:
        """Its definition, and that it runs. Nobody's work is disturbed by it."""
        values = {
            "daemon": self.name,
            "program": f"/usr/bin/{self.name}",
            "arguments": list(self.arguments),
            "user": self.user,
            "group": self.group,
        }
        anew = self.anew(host.manager)
        service = Service(name=self.name, manager=host.manager)
        if host.manager is ServiceManager.SUPERVISOR:
            content = host.render("daemon.supervisor.conf.j2", **values)
            path = f"/etc/supervisor/conf.d/{self.name}.conf"
            return [RenderedFile(path=path, content=content, triggers=(anew,)), service]
        path = f"/etc/systemd/system/{self.name}.service.d"
        content = host.render("daemon.drop-in.conf.j2", **values)
        return [
            Directory(path=path),
            RenderedFile(path=f"{path}/cosyvoice.conf", content=content, triggers=(anew,)),
            service,
        ]

    def anew(self, manager: ServiceManager) -> Handler:
        """Started again."""
        return replace(restart(self.name, manager), disturbs=False)

    def again(self, manager: ServiceManager) -> Handler:
        """Its configuration is read again."""
        return replace(reload(self.name, manager), disturbs=False)
