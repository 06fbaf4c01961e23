"""NetworkManager, as far as it has an interface in its hands (nmcli(1)). Pure."""

import shlex

from ...resources.base import Observation
from ..fact import Fact

_FRAGMENT = """\
systemctl is-active NetworkManager > /dev/null 2>&1 || exit 0
command -v nmcli > /dev/null || exit 0
LC_ALL=C nmcli -t -f GENERAL.STATE,GENERAL.CONNECTION device show %s 2>/dev/null || :"""


def network_manager(interface: str) -> Fact[str]:
    """The connection by which it keeps the interface; empty where it does not run, leaves the
    interface alone, or only watches what others have set up there."""
    return Fact("network_manager", _FRAGMENT % shlex.quote(interface), _parse)


def _parse(found: Observation) -> str:
    told = dict(line.partition(":")[::2] for line in found.stdout.splitlines())
    state = told.get("GENERAL.STATE", "")
    if "unmanaged" in state or "externally" in state:
        return ""
    connection = told.get("GENERAL.CONNECTION", "")
    return "" if connection == "--" else connection
