"""The way by which the control machine reaches a host."""

import re
from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from .base import Part, Port, Seconds
from .jump import Jump
from .paths import LocalPath
from .secrets.secret import Secret


def _login(text: str) -> str:
    if not text or text.startswith("-") or re.search(r"[\s\x00-\x1f\x7f-\x9f]", text):
        raise PydanticCustomError(
            "login",
            "not a name that SSH takes",
            {
                "allowed": "a name or address without blanks that does not start with -",
                "fix": "options of ssh belong into a config_file",
            },
        )
    return text


Login = Annotated[str, AfterValidator(_login)]


class Connection(Part):
    """SSH settings; a key that is absent falls to the group's, then the inventory's, then
    ``~/.ssh/config``, then OpenSSH's default (ssh_config(5))."""

    host: Login | None = None
    """Name or address to connect to, where it is not the host's ``address``."""
    port: Port | None = None
    """Default 22."""
    user: Login | None = None
    """User who logs in; default who runs this."""
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
    """Password for sudo, where it asks for one."""
    connect_timeout: Seconds | None = None
    """Seconds until a host that does not answer counts as down."""
    keepalive: Seconds | None = None
    """Seconds between signs of life on an idle connection."""
