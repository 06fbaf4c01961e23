"""A service that runs now and starts at boot, and the handlers that make it take up changes."""

from dataclasses import dataclass

from ..model.hosts import ServiceManager
from . import supervisor, systemd
from .base import Change, Handler, Observation, UnobservableError
from .shell_call import quote_call
from .validation import require_path, require_unit


def _reload_name(name: str) -> str:
    return f"reload {name}"


def _restart_name(name: str) -> str:
    return f"restart {name}"


def reload(name: str, manager: ServiceManager, *, socket: str = supervisor.SOCKET) -> Handler:
    """Sends the service HUP (Supervisor) or runs its ExecReload (systemd).

    Fails unless the same process still runs a second later. A stopped service stays stopped; one
    that fell over by itself is started.
    """
    require_unit(name)
    if manager is ServiceManager.SYSTEMD:
        return Handler(_reload_name(name), quote_call("systemd_reload", name))
    return Handler(_reload_name(name), quote_call("supervisor_reload", socket, name))


def restart(
    name: str,
    manager: ServiceManager,
    *,
    oneshot: bool = False,
    socket: str = supervisor.SOCKET,
) -> Handler:
    """Restarts the service, with its unit or program file as it is now.

    Fails unless it is up afterwards. A stopped service stays stopped; one that fell over by
    itself is started.
    """
    require_unit(name)
    once = "yes" if oneshot else "no"
    command = (
        quote_call("systemd_restart", name)
        if manager is ServiceManager.SYSTEMD
        else quote_call("supervisor_restart", socket, name, once)
    )
    return Handler(_restart_name(name), command, supersedes=frozenset({_reload_name(name)}))


def starting(name: str, manager: ServiceManager, *, socket: str = supervisor.SOCKET) -> str:
    """Fragment that starts a service and fails unless it stays up; nothing where it runs."""
    require_unit(name)
    if manager is ServiceManager.SYSTEMD:
        start = quote_call("systemctl", "start", "--", name)
        return f"{start}\n{quote_call('systemd_stays', name)}"
    return f"REPLACED=no\n{quote_call('supervisor_bring_up', socket, name, 'no')}"


def stopping(name: str, manager: ServiceManager, *, socket: str = supervisor.SOCKET) -> str:
    """Fragment that stops a service as a person does, and waits until it is."""
    require_unit(name)
    if manager is ServiceManager.SYSTEMD:
        return quote_call("systemctl", "stop", "--", name)
    return quote_call("supervisor_stop", socket, name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A unit of systemd, or a program of Supervisor (its group holds it alone).

    ``oneshot`` programs count as up once they ended with status 0; in Supervisor's file they
    need ``startsecs=0`` and ``autorestart=false``, in systemd's ``RemainAfterExit=yes``. That a
    program of Supervisor starts at boot is ``autostart=true`` in its file.

    ``remove`` stops (and disables) what was not running (and enabled) before; a service that was
    running before it was managed is left running.
    """

    name: str
    manager: ServiceManager
    oneshot: bool = False
    socket: str = supervisor.SOCKET
    triggers: tuple[Handler, ...] = ()

    def __post_init__(self) -> None:
        require_unit(self.name)
        require_path(self.socket)

    @property
    def id(self) -> str:
        return f"service:{self.name}"

    @property
    def _superseded(self) -> frozenset[str]:
        return frozenset({_reload_name(self.name), _restart_name(self.name)})

    def observe(self) -> str:
        if self.manager is ServiceManager.SYSTEMD:
            return systemd.observe(self.name)
        return supervisor.observe(self.socket, self.name)

    def compare(self, observation: Observation) -> Change | None:
        if self.manager is ServiceManager.SYSTEMD:
            return self._compare_unit(observation)
        return self._compare_program(observation)

    def _compare_unit(self, observation: Observation) -> Change | None:
        unit = systemd.state(observation)
        if unit["LoadState"] == "masked":
            raise UnobservableError(f"is masked; allow it with: systemctl unmask {self.name}")
        active = unit["ActiveState"] in ("active", "reloading")
        enabled = systemd.is_enabled(unit["UnitFileState"])
        if active and enabled:
            return None
        said = [] if active else [f"start (is {unit['ActiveState']})"]
        said += [] if enabled else ["start at boot"]
        return Change(
            ", ".join(said),
            apply=systemd.start(self.id, self.name, active=active, enabled=enabled),
            undo=systemd.undo(self.id, self.name),
            supersedes=frozenset() if active else self._superseded,
        )

    def _compare_program(self, observation: Observation) -> Change | None:
        state, status = supervisor.state(observation)
        if state == "RUNNING" or (self.oneshot and state == "EXITED" and status == 0):
            return None
        # One under way may have been started with files that this run has yet to change.
        under_way = state in ("STARTING", "BACKOFF", "STOPPING")
        return Change(
            f"start (is {state.lower()})",
            apply=supervisor.start(
                self.id, self.socket, self.name, oneshot=self.oneshot, before=state
            ),
            undo=supervisor.undo(self.id, self.socket, self.name),
            supersedes=frozenset() if under_way else self._superseded,
        )

    def remove(self) -> str:
        if self.manager is ServiceManager.SYSTEMD:
            return systemd.remove(self.id, self.name)
        return supervisor.remove(self.id, self.socket, self.name)
