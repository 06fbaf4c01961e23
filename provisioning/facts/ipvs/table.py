"""The kernel's IPVS table as ``ipvsadm -Ln`` prints it (ipvsadm(8), version 1.31). Pure.

Addresses are canonical, so that ``fd00::64`` and ``FD00:0::64`` compare equal. Services that
match a firewall mark have no address and are left out: this program makes none.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Network, ip_address

from ...errors import ClusterError
from ...model.address import IPAddress
from ...resources.base import Observation
from ..fact import Fact

ServiceKey = tuple[str, IPAddress, int]
"""Protocol (``TCP``), virtual address, port."""
ServerKey = tuple[IPAddress, int]
"""Address and port of a real server."""

_ENDPOINT = re.compile(r"\[?(?P<address>[0-9a-fA-F.:]+?)\]?:(?P<port>\d+)")


class TableFormatError(ClusterError):
    """Output that is not what ipvsadm prints; the message holds the line."""


class NoTableError(ClusterError):
    """A kernel without an IPVS table; the message is ipvsadm's."""


@dataclass(frozen=True, slots=True)
class TableServer:
    """A real server of a virtual service, with its connections (entries of the table)."""

    address: IPAddress
    port: int
    forward: str
    """``Route`` (direct routing), ``Masq``, ``Tunnel`` or ``Local``."""
    weight: int
    active: int
    """Established connections (ActiveConn)."""
    inactive: int
    """Connections in any other state (InActConn)."""


@dataclass(frozen=True, slots=True)
class TableService:
    """A virtual service."""

    protocol: str
    address: IPAddress
    port: int
    scheduler: str
    flags: frozenset[str]
    """Scheduler flags such as ``sh-fallback``."""
    persistence: int | None
    """Seconds; nothing where the service is not persistent."""
    granularity: int | None
    """Prefix length by which persistence groups clients; nothing is each address on its own."""
    servers: tuple[TableServer, ...]

    @property
    def key(self) -> ServiceKey:
        """Key of the service in the kernel."""
        return (self.protocol, self.address, self.port)


def parse_table(text: str) -> tuple[TableService, ...]:
    """Parse the output of ``ipvsadm -Ln``. Raises ``TableFormatError``."""
    services = []
    for head, tail in service_blocks(text):
        protocol, endpoint, scheduler, *rest = head
        services.append(
            TableService(
                protocol,
                *parse_endpoint(endpoint),
                scheduler=scheduler,
                flags=_flags(rest),
                persistence=_persistence(rest),
                granularity=_granularity(rest),
                servers=tuple(_server(words) for words in tail),
            )
        )
    return tuple(services)


def service_blocks(text: str) -> list[tuple[list[str], list[list[str]]]]:
    """Words of each virtual service's line, with those of its real servers' lines."""
    blocks: list[tuple[list[str], list[list[str]]]] = []
    ours = False
    for line in text.splitlines():
        words = line.split()
        if not words or words[0] in ("IP", "Prot") or words[1:2] == ["RemoteAddress:Port"]:
            continue
        if words[0] == "->":
            if ours:
                blocks[-1][1].append(words[1:])
        elif words[0] in ("TCP", "UDP", "SCTP") and len(words) > 2:
            blocks.append((words, []))
            ours = True
        elif words[0] == "FWM":
            ours = False
        else:
            raise TableFormatError(f"not a line of an ipvsadm table: {line!r}")
    return blocks


def parse_endpoint(text: str) -> tuple[IPAddress, int]:
    """Address and port as ipvsadm writes them. Raises ``TableFormatError``."""
    if not (match := _ENDPOINT.fullmatch(text)):
        raise TableFormatError(f"not an address and port: {text!r}")
    return ip_address(match["address"]), int(match["port"])


def _server(words: list[str]) -> TableServer:
    try:
        endpoint, forward, weight, active, inactive = words
        return TableServer(
            *parse_endpoint(endpoint),
            forward,
            weight=int(weight),
            active=int(active),
            inactive=int(inactive),
        )
    except ValueError:
        raise TableFormatError(f"not a real server's line: {' '.join(words)!r}") from None


def _flags(words: list[str]) -> frozenset[str]:
    if words and words[0].startswith("("):
        return frozenset(words[0].strip("()").split(","))
    return frozenset()


def _after(word: str, words: list[str]) -> str | None:
    return words[words.index(word) + 1] if word in words[:-1] else None


def _persistence(words: list[str]) -> int | None:
    seconds = _after("persistent", words)
    return int(seconds) if seconds else None


def _granularity(words: list[str]) -> int | None:
    """IPv4 prints a netmask, IPv6 a prefix length."""
    mask = _after("mask", words)
    if mask is None:
        return None
    return int(mask) if mask.isdecimal() else IPv4Network(f"0.0.0.0/{mask}").prefixlen


def _table(found: Observation) -> tuple[TableService, ...]:
    if found.status:
        raise NoTableError(found.stderr.strip() or f"ipvsadm ended with status {found.status}")
    return parse_table(found.stdout)


IPVS_TABLE = Fact("ipvs_table", "ipvsadm -Ln", _table)
"""Virtual services of a director's kernel. Raises ``NoTableError`` and ``TableFormatError``."""
