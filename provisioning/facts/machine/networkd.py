"""systemd-networkd, as far as it has an interface in its hands (systemd.network(5)). Pure."""

import shlex
from dataclasses import dataclass

from ...resources.base import Observation
from ..fact import Fact

_FRAGMENT = """\
systemctl is-active systemd-networkd > /dev/null 2>&1 || exit 0
file=$(networkctl status --no-pager -- %s 2>/dev/null | sed -n 's/^ *Network File: *//p')
case $file in /*) ;; *) exit 0 ;; esac
echo "$file"
cat -- "$file"
for folder in /etc /run /usr/local/lib /usr/lib; do
    for more in "$folder/systemd/network/${file##*/}.d"/*.conf; do
        [ ! -r "$more" ] || cat -- "$more"
    done
done"""


@dataclass(frozen=True, slots=True)
class Networkd:
    """Its configuration of an interface."""

    file: str
    keeps: str
    """``KeepConfiguration=``; empty where it is not written."""


def networkd(interface: str) -> Fact[Networkd | None]:
    """Nothing where systemd-networkd does not run, or has not to do with the interface."""
    return Fact("networkd", _FRAGMENT % shlex.quote(interface), _parse)


def _parse(found: Observation) -> Networkd | None:
    file, _, text = found.stdout.partition("\n")
    if not file:
        return None
    section, keeps = "", ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            section = line
        elif section == "[Network]" and line.startswith("KeepConfiguration"):
            keeps = line.partition("=")[2].strip()
    return Networkd(file, keeps)
