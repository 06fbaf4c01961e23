"""Virtual services: what is balanced, how, and how a dead node is noticed (keepalived.conf(5))."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from ..node_api import READY
from .address import IPAddress
from .base import Name, Part, Port, Seconds, SecondsOrZero, Whole
from .command import Command
from .sorry_page import SorryPageEntry


class Scheduler(StrEnum):
    """IPVS schedulers (ipvsadm(8) -s)."""

    RR = "rr"
    WRR = "wrr"
    LC = "lc"
    WLC = "wlc"
    LBLC = "lblc"
    LBLCR = "lblcr"
    DH = "dh"
    SH = "sh"
    MH = "mh"
    SED = "sed"
    NQ = "nq"
    FO = "fo"
    OVF = "ovf"


class Persistence(Part):
    """One client stays with one real server (ipvsadm(8) -p)."""

    timeout: Annotated[Whole, Field(ge=1, le=2678400)] = 3600
    """Seconds since a client's last connection; must outlast a think time plus a job."""
    granularity: Annotated[Whole, Field(ge=1, le=128)] | None = None
    """Prefix length by which clients are grouped; absent is each address on its own."""


class _Timing(Part):
    """Worst time until a silent host is out: interval + (retry+1)*timeout + retry*delay."""

    interval: Seconds = 2.0
    """Seconds between checks (delay_loop)."""
    timeout: Seconds = 2.0
    """Seconds a check may take (connect_timeout, misc_timeout)."""
    retry: Annotated[Whole, Field(ge=0, le=1000)] = 2
    """Further tries before the node is taken out."""
    delay_before_retry: Seconds = 1.0
    """Seconds between those tries."""
    warmup: SecondsOrZero = 0.0
    """Seconds of random spread of the first check."""


class TcpCheck(_Timing):
    """The kernel accepts a connection. A hung process still passes until its backlog is full."""

    type: Literal["tcp"] = "tcp"
    """``tcp``"""


class HttpCheck(_Timing):
    """The app answers a GET."""

    type: Literal["http"] = "http"
    """``http``"""
    path: Annotated[str, Field(pattern=r"^/[A-Za-z0-9._~%/?&=+,:;@-]*$", examples=[READY])] = READY
    """Path that is asked for; ``/readyz`` is 503 on a node that is draining."""
    status: Annotated[Whole, Field(ge=100, le=599)] = 200
    """The only status that counts as healthy."""
    virtualhost: (
        Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:\[\]-]{1,255}$", examples=["tts.example.com"])]
        | None
    ) = None
    """Host header (and server name with ``ssl``)."""


class SslCheck(HttpCheck):
    """The app answers a GET over TLS; the certificate is not verified (keepalived SSL_GET)."""

    type: Literal["ssl"] = "ssl"  # type: ignore[assignment]
    """``ssl``"""


class MiscCheck(_Timing):
    """A script of yours on the directors says so."""

    type: Literal["misc"] = "misc"
    """``misc``"""
    command: Command
    """Absolute path of a root-owned script and arguments; {address} and {port} are filled in."""
    dynamic: bool = False
    """Exit status 2-255 sets the weight to status minus 2 (misc_dynamic)."""


Check = Annotated[TcpCheck | HttpCheck | SslCheck | MiscCheck, Field(discriminator="type")]


class VirtualService(Part):
    """One port of the VIPs, spread over the real servers. DR keeps the port as it is."""

    name: Name = "web"
    """Distinct; names it in messages and metrics."""
    port: Port = 7860
    """On the VIPs and, as DR does not translate, on the real servers."""
    scheduler: Scheduler = Scheduler.RR
    """Method of choosing a real server for a new connection (ipvsadm(8) -s)."""
    hash_fallback: bool = True
    """sh and mh: a client of a weight-0 or full server goes to another instead of being refused."""
    hash_port: bool = False
    """sh and mh: hash the client's port too, which gives up affinity."""
    persistence: Persistence | None = None
    """Absent, each connection goes where the scheduler says. An app that does not route sessions
    needs it, or sh or mh."""
    check: Check = HttpCheck()
    """Check by which a dead node is noticed."""
    quorum: Annotated[Whole, Field(ge=1, le=2**31 - 1)] = 1
    """Total weight below which the service counts as down."""
    hysteresis: Annotated[Whole, Field(ge=0, le=2**31 - 1)] = 0
    """Weight past the quorum by which the service comes up, and below it by which it goes."""
    sorry_server: IPAddress | None = None
    """Answers while the quorum is lost; itself a DR target that holds the VIP."""
    sorry_page: SorryPageEntry = None
    """Page that the directors show in its place; ``true`` is the one that comes with them."""
    alpha: bool = True
    """A real server is out until its first check has passed."""
    inhibit_on_failure: bool = False
    """Weight 0 instead of removal; with persistence, clients stay glued to the dead node."""
    real_servers: list[Name] | None = None
    """Names of those that serve it; absent is all."""
    app: bool = True
    """The app listens on its port; false where something of yours does, such as a proxy on the
    real servers that ends TLS. An app from elsewhere listens on the first such port alone."""


def serves(service: VirtualService, name: str) -> bool:
    """Tell whether a real server is one of those that serve it."""
    return service.real_servers is None or name in service.real_servers


def check_path(service: VirtualService) -> str:
    """Path that a health check asks for."""
    return service.check.path if isinstance(service.check, HttpCheck) else READY
