"""How the control machine reaches a host."""

from provisioning.model.base import Part, Port, Seconds
from provisioning.model.jump import Jump
from provisioning.model.paths import LocalPath
from provisioning.model.secret import Secret


class Connection(Part):
    """SSH settings; a key that is absent falls to the group's, then the inventory's, then
    ``~/.ssh/config``, then OpenSSH's default (ssh_config(5))."""

    host: str | None = None
    """Name or address to connect to, where it is not the host's ``address``."""
    port: Port | None = None
    """Default 22."""
    user: str | None = None
    """Who logs in; default who runs this."""
    key_file: LocalPath | None = None
    """Private key on the control machine, relative to the inventory."""
    password: Secret | None = None
    """Login password, where keys and agent do not do."""
    jump: Jump | None = None
    """Jump host as ``[user@]host[:port]``; several, separated by commas, are passed in order."""
    known_hosts_file: LocalPath | None = None
    """Instead of ``~/.ssh/known_hosts``."""
    config_file: LocalPath | None = None
    """Instead of ``~/.ssh/config``."""
    sudo: bool | None = None
    """Become root through sudo (default), or log in as root with ``false``."""
    sudo_password: Secret | None = None
    """Where sudo asks for one."""
    connect_timeout: Seconds | None = None
    """Seconds until a host that does not answer counts as down."""
    keepalive: Seconds | None = None
    """Seconds between signs of life on an idle connection."""
