"""Fragments for services that Supervisor runs (http://supervisord.org)."""

from provisioning.resources.backup_name import backup_name
from provisioning.resources.base import Observation
from provisioning.resources.output import printed
from provisioning.resources.shell_call import quote_call

SOCKET = "/var/run/supervisor.sock"
"""Where Debian's supervisord listens."""


def observe(socket: str, name: str) -> str:
    """Prints the process's state and exit status."""
    look = quote_call("supervisor_look", socket, name)
    # How a process ended that was stopped on purpose says nothing.
    return f'{look}\n[ "$PROCESS" = EXITED ] || EXIT=0\nprintf \'%s %s\\n\' "$PROCESS" "$EXIT"'


def state(observation: Observation) -> tuple[str, int]:
    """Supervisor's word for the process (``down`` without a daemon, ``absent`` where it does not
    know the program) and its last exit status."""
    word, _, status = printed(observation).strip().partition(" ")
    return word, int(status)


def start(id: str, socket: str, name: str, *, oneshot: bool, before: str) -> str:
    """Takes up the program's configuration, starts it and waits until it is up."""
    return "\n".join(
        [
            quote_call("keep_note", backup_name(id), before),
            quote_call("supervisor_start", socket, name, "yes" if oneshot else "no"),
        ]
    )


def undo(id: str, socket: str, name: str) -> str:
    """As it was before this run."""
    return (
        f"if {quote_call('previous_note', backup_name(id))}; then {_revert(socket, name)}; fi\n"
        + quote_call("forget_if_first", backup_name(id))
    )


def remove(id: str, socket: str, name: str) -> str:
    """As it was before it was first managed."""
    forget = quote_call("forget", backup_name(id))
    return (
        f"if {quote_call('original_note', backup_name(id))}; then\n{_revert(socket, name)}\n"
        f"{forget}\nfi"
    )


def _revert(socket: str, name: str) -> str:
    return quote_call("supervisor_revert", socket, name)
