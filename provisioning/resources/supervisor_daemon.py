"""Supervisor itself, on hosts where it stands in for systemd."""

from dataclasses import dataclass

from provisioning.resources import supervisor
from provisioning.resources.backup_name import backup_name
from provisioning.resources.base import Change, Handler, Observation
from provisioning.resources.output import printed
from provisioning.resources.shell_call import quote_call
from provisioning.resources.validation import require_path


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
        return quote_call("look_at_supervisord", self.socket)

    def compare(self, observation: Observation) -> Change | None:
        if printed(observation).strip() == "running":
            return None
        name = backup_name(self.id)
        return Change(
            "start",
            apply=quote_call("start_supervisord", name, self.socket, self.config),
            undo=f"if {quote_call('previous_note', name)}; then "
            f"{quote_call('stop_supervisord', self.socket)}; fi\n"
            f"{quote_call('forget_if_first', name)}",
        )

    def remove(self) -> str:
        name = backup_name(self.id)
        stop, forget = quote_call("stop_supervisord", self.socket), quote_call("forget", name)
        return f"if {quote_call('original_note', name)}; then\n{stop}\n{forget}\nfi"
