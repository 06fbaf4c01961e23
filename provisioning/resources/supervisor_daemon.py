"""Supervisor itself, on hosts where it stands in for systemd."""

from dataclasses import dataclass

from provisioning.resources import supervisor
from provisioning.resources.base import Change, Handler, Observation
from provisioning.resources.output import printed
from provisioning.resources.record import record
from provisioning.resources.wording import call, require_path


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisorDaemon:
    """supervisord runs and answers at its socket.

    ``remove`` shuts it down, with all it runs, only if it was started here.
    """

    config: str = "/etc/supervisor/supervisord.conf"
    socket: str = supervisor.SOCKET
    triggers: tuple[Handler, ...] = ()

    def __post_init__(self) -> None:
        require_path(self.config)
        require_path(self.socket)

    @property
    def id(self) -> str:
        return "supervisord"

    def observe(self) -> str:
        return call("look_at_supervisord", self.socket)

    def compare(self, observation: Observation) -> Change | None:
        if printed(observation).strip() == "running":
            return None
        name = record(self.id)
        return Change(
            "start",
            apply=call("start_supervisord", name, self.socket, self.config),
            undo=f"if {call('previous_note', name)}; then "
            f"{call('stop_supervisord', self.socket)}; fi\n{call('forget_if_first', name)}",
        )

    def remove(self) -> str:
        name = record(self.id)
        stop, forget = call("stop_supervisord", self.socket), call("forget", name)
        return f"if {call('original_note', name)}; then\n{stop}\n{forget}\nfi"
