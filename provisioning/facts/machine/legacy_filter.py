"""Rules of iptables' older kind, which stand beside those of nftables and in no list of nft: a
packet has to pass both. Pure.

They are read as ``iptables-legacy-save`` prints them, and said in the words of libnftables-json(5).
"""

import shlex
from collections.abc import Iterator
from typing import Any

from ...errors import ClusterError
from ...resources.base import Observation
from ..fact import Fact
from .packet_filter import PacketFilter

# The kernel lists the tables that were ever used; without one nothing is loaded by asking.
_FRAGMENT = """\
for family in ip ip6; do
    [ -n "$(cat /proc/net/${family}_tables_names 2>/dev/null)" ] || continue
    for save in "${family}tables-legacy-save" "${family}tables-save"; do
        case $(command -v "$save" > /dev/null && "$save" --version) in
            *nf_tables*|'') ;;
            *) echo "family $family"; "$save" || exit; break ;;
        esac
    done
done"""
_HOOKS = {"PREROUTING": "prerouting", "INPUT": "input"}
_VERDICTS = {"ACCEPT": "accept", "DROP": "drop", "REJECT": "reject", "RETURN": "return"}
_GOES_ON = {"LOG", "NFLOG", "MARK", "CONNMARK", "TRACE", "ULOG", "NOTRACK", "CT", "SET", "TCPMSS"}
_SAID = ("--reject-with", "--comment")
"""What matches nothing, with a word behind it."""
_SILENT = ("comment", "tcp", "udp", "icmp", "icmp6", "conntrack", "state")
"""Modules that match nothing by themselves."""


class LegacyFormatError(ClusterError):
    """Output that is not of iptables-save."""


def _parse(found: Observation) -> PacketFilter:
    try:
        return PacketFilter(tuple(_objects(found.stdout)))
    except ValueError:
        raise LegacyFormatError(f"iptables-save printed {found.stdout[:80]!r}") from None


def _objects(text: str) -> Iterator[dict[str, Any]]:
    family = table = ""
    for line in text.splitlines():
        if line.startswith("family "):
            family = line.split()[1]
        elif line.startswith("*"):
            table = line[1:]
        elif line.startswith(":"):
            name, policy, *_ = line[1:].split()
            yield {"chain": _chain(family, table, name, policy)}
        elif line.startswith("-A "):
            _, chain, *words = shlex.split(line)
            place = {"family": family, "table": table, "chain": chain}
            yield {"rule": {**place, "expr": list(_expressions(family, words))}}


def _chain(family: str, table: str, name: str, policy: str) -> dict[str, Any]:
    chain = {"family": family, "table": table, "name": name}
    if name not in _HOOKS or table == "nat":
        return chain
    return {**chain, "type": "filter", "hook": _HOOKS[name], "policy": policy.lower()}


def _expressions(family: str, words: list[str]) -> Iterator[dict[str, Any]]:
    """Matches, then the verdict. What is not known here may match or not."""
    left = iter(words)
    negated = False
    verdict: dict[str, Any] = {}
    for word in left:
        if word == "!":
            negated = True
            continue
        if word in ("-j", "-g"):
            verdict = _verdict(word, next(left, ""))
        elif word in _SAID:
            next(left, "")
        elif word == "-m" and next(left, "") in _SILENT:
            pass
        else:
            yield _match(family, word, left, "!=" if negated else "==")
        negated = False
    if verdict:
        yield verdict


def _match(family: str, word: str, left: Iterator[str], operator: str) -> dict[str, Any]:
    def match(of: dict[str, Any], value: Any) -> dict[str, Any]:
        return {"match": {"op": operator, "left": of, "right": value}}

    if word == "-p":
        return match({"meta": {"key": "l4proto"}}, next(left, ""))
    if word in ("-s", "-d"):
        address, _, length = next(left, "").partition("/")
        field = {"protocol": family, "field": "saddr" if word == "-s" else "daddr"}
        whole = {"prefix": {"addr": address, "len": int(length)}} if length.isdigit() else address
        return match({"payload": field}, whole)
    if word == "-i":
        return match({"meta": {"key": "iifname"}}, next(left, "").replace("+", "*"))
    if word in ("--ctstate", "--state"):
        return match({"ct": {"key": "state"}}, next(left, "").lower().split(","))
    return {"xt": word}


def _verdict(word: str, target: str) -> dict[str, Any]:
    if target in _GOES_ON:
        return {}
    if target in _VERDICTS:
        return {_VERDICTS[target]: None}
    return {"goto" if word == "-g" else "jump": {"target": target}}


LEGACY_FILTER = Fact("legacy_filter", _FRAGMENT, _parse)
"""Nothing where there are no such rules. Raises ``LegacyFormatError``."""
