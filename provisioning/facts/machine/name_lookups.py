"""Names that a host has to look up to install packages, and how long that takes. Pure."""

from dataclasses import dataclass

from ...resources.base import Observation
from ..fact import Fact

PATIENCE = 8
"""Seconds, of which a resolver gives a server five by default (resolv.conf(5))."""
# apt asks its proxy, where it has one, to look names up. Not for mirrors in folders.
_FRAGMENT = f"""\
command -v apt-config > /dev/null || exit 0
proxy=
eval "$(apt-config shell proxy Acquire::http::Proxy)"
case $proxy in
*://*) urls=$proxy ;;
*) urls=$(sed -n 's/#.*//; s|.*\\(https\\{{0,1\\}}://[^] ]*\\).*|\\1|p' /etc/apt/sources.list \\
    /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null || :) ;;
esac
echo "$urls" | sed -n 's|^[a-z]*://\\([^/]*@\\)\\{{0,1\\}}\\([A-Za-z0-9.-]*\\).*|\\2|p' | sort -u |
    head -n 3 | {{ while read -r name; do
        {{ began=$(date +%s%N)
        timeout {PATIENCE} getent ahosts "$name" > /dev/null 2>&1 && word=found || word=lost
        echo "$name $word $began $(date +%s%N)"; }} &
    done; wait; }}
sed -n 's/^nameserver[[:space:]]*/nameserver /p' /etc/resolv.conf 2>/dev/null || :"""


@dataclass(frozen=True, slots=True)
class Lookup:
    """One name."""

    name: str
    found: bool
    seconds: float


@dataclass(frozen=True, slots=True)
class NameLookups:
    """Names of the places that apt fetches from, three at most."""

    lookups: tuple[Lookup, ...]
    servers: tuple[str, ...]
    """Those of resolv.conf(5)."""


def _parse(found: Observation) -> NameLookups:
    lookups, servers = [], []
    for words in map(str.split, found.stdout.splitlines()):
        if len(words) == 4 and words[2].isdecimal() and words[3].isdecimal():
            seconds = (int(words[3]) - int(words[2])) / 1e9
            lookups.append(Lookup(words[0], words[1] == "found", seconds))
        elif len(words) == 2 and words[0] == "nameserver":
            servers.append(words[1])
    return NameLookups(tuple(sorted(lookups, key=lambda one: one.name)), tuple(servers))


NAME_LOOKUPS = Fact("name_lookups", _FRAGMENT, _parse)
"""Empty where there is no apt, or nothing but folders and addresses."""
