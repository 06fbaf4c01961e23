"""Fragments for services that systemd runs (systemctl(1))."""

from provisioning.resources.backup_name import backup_name
from provisioning.resources.base import Observation
from provisioning.resources.output import printed
from provisioning.resources.shell_call import quote_call

_PROPERTIES = "LoadState,ActiveState,SubState,UnitFileState,Result"


def observe(name: str) -> str:
    """Prints the unit's properties."""
    return quote_call("exec", "systemctl", "show", "-p", _PROPERTIES, "--", name)


def state(observation: Observation) -> dict[str, str]:
    """The unit's properties by name, all of those asked for."""
    found = dict(line.partition("=")[::2] for line in printed(observation).splitlines())
    return {key: found.get(key, "") for key in _PROPERTIES.split(",")}


def is_enabled(unit_file_state: str) -> bool:
    """Whether a unit is started at boot, or is not the kind that can be enabled."""
    return unit_file_state in ("enabled", "static", "alias", "generated", "indirect")


def start(id: str, name: str, *, active: bool, enabled: bool) -> str:
    """Enables and starts it, and sees that it stays up."""
    return "\n".join(
        [
            quote_call("keep_note", backup_name(id), _note(active, enabled)),
            quote_call("systemd_start", name),
        ]
    )


def undo(id: str, name: str) -> str:
    """As it was before this run."""
    return (
        f"if {quote_call('previous_note', backup_name(id))}; th"
        f"en {quote_call('systemd_revert', name)}; fi\n"
        + quote_call("forget_if_first", backup_name(id))
    )


def remove(id: str, name: str) -> str:
    """As it was before it was first managed."""
    revert, forget = quote_call("systemd_revert", name), quote_call("forget", backup_name(id))
    return f"if {quote_call('original_note', backup_name(id))}; then\n{revert}\n{forget}\nfi"


def _note(active: bool, enabled: bool) -> str:
    return f"{'active' if active else 'inactive'} {'enabled' if enabled else 'disabled'}"
