"""TLS in front of the app: whose certificate, on which ports, by whom it is spoken."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from ..base import Part, Port, Whole
from ..paths import LocalPath
from ..secrets.secret import Secret

_LABEL = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_WHERE = {
    "directors": (
        "a director passes packets on and sees one direction only: to end TLS there would make it "
        "the bottleneck, and its own connections to the VIP would come from the VIP"
    ),
}


def _on_real_servers(where: str) -> str:
    if where == "real_servers":
        return where
    raise PydanticCustomError(
        "tls_place",
        "TLS is not ended there: {reason}",
        {
            "reason": _WHERE.get(where, "there is no such place"),
            "allowed": "real_servers",
            "fix": "remove the key: it is ended on the real servers, and scales with them",
        },
    )


ServerName = Annotated[
    str,
    Field(pattern=rf"^(\*\.)?{_LABEL}(\.{_LABEL})*$", max_length=253, examples=["tts.example.org"]),
]


class Acme(Part):
    """A public certificate by ACME (RFC 8555), Let's Encrypt's unless it says otherwise. One real
    server asks for it, the others take it over; the directory is told ``email`` and that its terms
    are agreed to."""

    email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$", examples=["ops@example.org"])]
    """Address of the account, for the authority's notices."""
    directory: Annotated[
        str,
        Field(pattern=r"^https://[^\s]+$", examples=["https://acme.example.org/directory"]),
    ] = "https://acme-v02.api.letsencrypt.org/directory"
    """URL of the authority's directory."""
    authority: LocalPath | None = None
    """PEM file by which the directory's own HTTPS is believed, where the hosts do not know it: of
    an authority inside the house."""
    dns_hook: LocalPath | None = None
    """Program that puts a record into DNS: the proof is DNS-01 instead of HTTP-01. It is brought to
    the real servers and called with ``present`` or ``cleanup``, the record's name and its text; it
    returns once the record can be seen."""
    renew_days: Annotated[Whole, Field(ge=2, le=300)] = 30
    """Days left at which the first real server asks for a new one."""


class Tls(Part):
    """HTTPS on the VIPs. Nginx on every real server ends it and passes requests on to the app, so
    that the directors stay what they are and clients keep their addresses."""

    names: list[ServerName] = []
    """Names by which clients ask; the certificate must be for all of them. The first is what health
    checks ask by."""
    certificate: LocalPath | None = None
    """PEM file on the control machine: the certificate, then those that vouch for it, in order."""
    key: Secret | None = None
    """Its private key, in PEM, without a password of its own."""
    authority: Literal["cluster"] | None = None
    """``cluster``: instead of ``certificate`` and ``key`` one is issued by an authority of the
    cluster's own, for the names and the VIPs; clients have to be told to trust it."""
    acme: Acme | None = None
    """Instead of ``certificate`` and ``key``: a public one, which renews itself."""
    port: Port = 443
    """Where TLS is spoken, on the VIPs and on the real servers."""
    redirect_port: Port | None = 80
    """Where plain HTTP is answered with a redirect; null is nowhere."""
    only: bool = True
    """The VIPs pass on TLS and redirects alone. False leaves the app's own ports open beside."""
    hsts: Annotated[Whole, Field(ge=0, le=126_144_000)] = 0
    """Seconds for which browsers shall use nothing but HTTPS with these names (RFC 6797). They
    cannot be told otherwise before: begin with 300. 0 says nothing."""
    warn_days: Annotated[Whole, Field(ge=1, le=365)] = 21
    """Days left to the certificate below which it is reported."""
    on: Annotated[Literal["real_servers", "directors"], AfterValidator(_on_real_servers)] = (
        "real_servers"
    )
    """Where TLS is ended."""
