"""The firewall of the hosts: what comes in beside that which the cluster itself needs."""

from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator, Field

from .address import IPNetwork
from .base import Name, Part, Port, on_or_off


class TransportProtocol(StrEnum):
    """The protocol of a port."""

    TCP = "tcp"
    UDP = "udp"


class OpenPort(Part):
    """A port of a program of yours."""

    port: Port
    """Where it listens."""
    protocol: TransportProtocol = TransportProtocol.TCP
    """``tcp`` or ``udp``."""
    sources: list[IPNetwork] = []
    """Addresses and networks that may come in; absent is any."""
    hosts: Annotated[list[Name], Field(min_length=1)] | None = None
    """Groups and hosts on which it is open; absent is all."""


class Firewall(Part):
    """A table of nftables on every host, by which nothing comes in but what the cluster needs, and
    what is named here. Tables of others stay as they are, and what they refuse stays refused."""

    ssh_from: list[IPNetwork] = []
    """Addresses and networks that may log in by SSH: the control machine's, or its jump host's;
    absent is any."""
    metrics_from: list[IPNetwork] = []
    """Addresses and networks that may ask a real server at its own address, where ``/metrics`` is;
    absent are the hosts of the cluster alone that have to."""
    open: list[OpenPort] = []
    """Ports of programs of yours."""


FirewallEntry = Annotated[
    Firewall | None,
    BeforeValidator(on_or_off, json_schema_input_type=bool | Firewall | None),
]
