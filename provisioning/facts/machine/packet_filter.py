"""Packet filter of a host, as ``nft -j list ruleset`` prints it (libnftables-json(5)), and what it
does with a packet. Pure."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from ipaddress import ip_network
from typing import Any, Literal

from ...errors import ClusterError
from ...model.address import IPAddress
from ...resources.base import Observation
from ..fact import Fact

Fate = Literal["accept", "drop", "unknown"]
_VERDICTS: dict[str, Fate] = {"accept": "accept", "drop": "drop", "reject": "drop"}
_OUTWARDS = ("FORWARD", "OUTPUT", "POSTROUTING")
"""Chains of iptables through which nothing comes in."""
_DEEP = 16
"""Jumps, as many as the kernel takes (NFT_JUMP_STACK_SIZE)."""


class FilterFormatError(ClusterError):
    """Output that is not nft's JSON."""


@dataclass(frozen=True, slots=True)
class Packet:
    """The first of its kind from a neighbour."""

    protocol: tuple[str, str]
    """Name and number."""
    interface: str
    source: IPAddress
    target: IPAddress
    port: int | None = None
    """Port that it goes to; None for a protocol without ports."""

    @property
    def family(self) -> str:
        """As nft names tables."""
        return "ip" if self.source.version == 4 else "ip6"


@dataclass(frozen=True, slots=True)
class Dropped:
    """The chain that drops a packet."""

    family: str
    table: str
    chain: str


@dataclass(frozen=True, slots=True)
class PacketFilter:
    """Rules in their order; nothing where there is no nft, or no rule."""

    objects: tuple[dict[str, Any], ...] = ()

    def drops(self, packet: Packet) -> Dropped | None:
        """The chain that drops a packet that comes in, if that is sure."""
        for chain in self._all("chain"):
            if (
                chain.get("hook") in ("prerouting", "input")
                and chain.get("type") == "filter"
                and chain["family"] in ("inet", packet.family)
            ):
                fate = self._fate(chain, packet, 0) or chain.get("policy", "accept")
                if fate == "drop":
                    return Dropped(chain["family"], chain["table"], chain["name"])
        return None

    def may_drop(self) -> tuple[str, ...]:
        """Families with a policy or a rule that drops some of what comes in."""
        closed = [one["family"] for one in self._all("chain") if one.get("policy") == "drop"]
        for rule in self._all("rule"):
            if rule["chain"] not in _OUTWARDS and _refuses(rule.get("expr", [])):
                closed.append(rule["family"])
        return tuple(dict.fromkeys(closed))

    def _all(self, kind: str) -> Iterator[dict[str, Any]]:
        return (one[kind] for one in self.objects if kind in one)

    def _fate(self, chain: dict[str, Any], packet: Packet, depth: int) -> Fate | None:
        """Verdict of a chain; nothing where the packet comes to its end."""
        place = (chain["family"], chain["table"], chain["name"])
        for rule in self._all("rule"):
            if (rule["family"], rule["table"], rule["chain"]) != place:
                continue
            matches = _matches(rule.get("expr", []), packet)
            if matches is False:
                continue
            verdict: dict[str, Any] = next(
                (one for one in rule.get("expr", []) if _is_verdict(one)), {}
            )
            if "return" in verdict:
                return None if matches else "unknown"
            fate = self._verdict(place, verdict, packet, depth)
            if fate is not None:
                return fate if matches else "unknown"
            if "goto" in verdict:
                return None if matches else "unknown"
        return None

    def _verdict(
        self, place: tuple[str, str, str], verdict: dict[str, Any], packet: Packet, depth: int
    ) -> Fate | None:
        for word, fate in _VERDICTS.items():
            if word in verdict:
                return fate
        if "vmap" in verdict or "queue" in verdict or depth == _DEEP:
            return "unknown"
        target = (verdict.get("jump") or verdict.get("goto") or {}).get("target")
        chain = {"family": place[0], "table": place[1], "name": target}
        return self._fate(chain, packet, depth + 1) if target else None


def _refuses(expressions: list[dict[str, Any]]) -> bool:
    return any("drop" in one or "reject" in one for one in expressions)


def _is_verdict(expression: dict[str, Any]) -> bool:
    return bool({*_VERDICTS, "jump", "goto", "return", "vmap", "queue"} & expression.keys())


def _matches(expressions: list[dict[str, Any]], packet: Packet) -> bool | None:
    """True if all of a rule's matches do; nothing where that cannot be told."""
    sure = True
    for one in expressions:
        if "match" in one:
            found = _match(one["match"], packet)
            if found is False:
                return False
            sure = sure and found is True
        elif "xt" in one or "limit" in one:
            sure = False
    return True if sure else None


def _match(match: dict[str, Any], packet: Packet) -> bool | None:
    values = _values(match.get("left"), packet)
    if values is None:
        return None
    if not values:
        # Of another protocol: `tcp dport != 22` is about TCP.
        return False
    found = _holds(match.get("right"), values)
    if found is None:
        return None
    return not found if match.get("op") == "!=" else found


def _values(left: Any, packet: Packet) -> tuple[str, ...] | None:
    """The packet's value there; nothing where that is not known."""
    if not isinstance(left, dict):
        return None
    payload, meta = left.get("payload", {}), left.get("meta", {}).get("key")
    if payload.get("protocol") in ("tcp", "udp", "icmp", "icmpv6", "sctp", "dccp", "th"):
        return _ports(payload, packet)
    kind = "multicast" if packet.target.is_multicast else "unicast"
    known: dict[Any, tuple[str, ...]] = {
        "l4proto": packet.protocol,
        "nfproto": ("ipv4" if packet.family == "ip" else "ipv6",),
        "iifname": (packet.interface,),
        "iif": (packet.interface,),
        "pkttype": (kind, "host" if kind == "unicast" else kind),
    }
    if meta in known:
        return known[meta]
    if payload.get("protocol") == packet.family:
        fields = {"saddr": (str(packet.source),), "daddr": (str(packet.target),)}
        return {**fields, "protocol": packet.protocol, "nexthdr": packet.protocol}.get(
            payload.get("field")
        )
    if payload.get("protocol") in ("ip", "ip6"):
        return ()
    # Neighbours that advertise are never answered, so each is new.
    return ("new",) if left.get("ct", {}).get("key") == "state" else None


def _ports(payload: dict[str, Any], packet: Packet) -> tuple[str, ...] | None:
    """Its port, where that is asked for; nothing is known of other fields."""
    if packet.port is None or payload["protocol"] not in (*packet.protocol, "th"):
        return ()
    return (str(packet.port),) if payload.get("field") == "dport" else None


def _holds(right: Any, values: tuple[str, ...]) -> bool | None:
    """True if one of the values is what stands there, or in it."""
    if isinstance(right, dict):
        if "set" in right:
            return _holds(right["set"], values)
        if "elem" in right:
            return _holds(right["elem"].get("val"), values)
        if "prefix" in right:
            network = ip_network(f"{right['prefix']['addr']}/{right['prefix']['len']}", False)
            return any(str(network.network_address) == one or _in(one, network) for one in values)
        return None
    if isinstance(right, list):
        found = [_holds(one, values) for one in right]
        return True if True in found else None if None in found else False
    text = str(right)
    if text.startswith("@"):
        return None
    return any(one == text or fnmatchcase(one, text) for one in values)


def _in(text: str, network: Any) -> bool:
    try:
        return ip_network(text).subnet_of(network)
    except (ValueError, TypeError):
        return False


def _parse(found: Observation) -> PacketFilter:
    if not found.stdout.strip():
        return PacketFilter()
    try:
        return PacketFilter(tuple(json.loads(found.stdout)["nftables"]))
    except (ValueError, KeyError, TypeError):
        raise FilterFormatError(f"nft printed {found.stdout[:80]!r}") from None


PACKET_FILTER = Fact(
    "packet_filter", "command -v nft > /dev/null || exit 0\nnft -j list ruleset", _parse
)
"""Raises ``FilterFormatError``."""
