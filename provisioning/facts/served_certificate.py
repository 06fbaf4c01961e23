"""The certificate that a host shows to its clients. Pure but for reading package data."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from ..model.derived.tls_services import server_name
from ..model.tls.certificate import CertificateError, days, names_of, read_chain, serial_of
from ..model.tls.tls import Tls
from ..places import NGINX_LOG
from ..resources.base import Observation, Postcondition
from .fact import Fact
from .probe import ProbeError, answer, python_probe

_PATIENCE = 5
"""Seconds that Nginx may take."""


@dataclass(frozen=True, slots=True)
class ServedCertificate:
    """A certificate as clients see it; ``problem`` where none is shown."""

    serial: str = ""
    names: tuple[str, ...] = ()
    issuer: str = ""
    until: datetime | None = None
    """Its end, in UTC."""
    problem: str = ""

    def record(self, now: datetime) -> dict[str, Any]:
        """As JSON has it, with the days that are left."""
        left = self.days_left(now)
        return {
            **asdict(self),
            "names": list(self.names),
            "until": self.until.isoformat() if self.until else None,
            "days_left": None if left is None else round(left, 1),
        }

    def left_in_words(self, tls: Tls, now: datetime) -> tuple[str, bool]:
        """Its time left, for people; and true where that is long enough."""
        left = self.days_left(now)
        if left is None:
            return "none", False
        if left <= 0:
            return "ended", False
        return f"{days(left)} left", left >= tls.warn_days

    def days_left(self, now: datetime) -> float | None:
        """Days until its end, less than 0 after it; nothing where none is shown."""
        return (self.until - now).total_seconds() / 86400 if self.until else None


def described(one: x509.Certificate) -> ServedCertificate:
    """A certificate, for people."""
    return ServedCertificate(
        serial_of(one), names_of(one), one.issuer.rfc4514_string(), one.not_valid_after_utc
    )


def served_certificate(tls: Tls, python: str) -> Fact[ServedCertificate]:
    """The certificate shown on the host's own port of TLS; ``python`` asks there."""
    return Fact("served_certificate", _probe(tls, python), _parse)


def serves(tls: Tls, python: str, wanted: x509.Certificate) -> Postcondition:
    """New connections are shown that certificate."""
    return Postcondition(
        f"Nginx shows the certificate with serial {serial_of(wanted)}",
        _probe(tls, python, wanted.fingerprint(SHA256()).hex()),
        30,
        f"see {NGINX_LOG} on this host: it goes on with the one before until it can read this one",
    )


def _probe(tls: Tls, python: str, sha256: str | None = None) -> str:
    asked = {
        "address": "127.0.0.1",
        "port": tls.port,
        "name": server_name(tls),
        "timeout": _PATIENCE,
        "sha256": sha256,
    }
    return python_probe("served_certificate", asked, python=python)


def _parse(found: Observation) -> ServedCertificate:
    try:
        said = answer(found)
        if "error" in said:
            return ServedCertificate(problem=said["error"])
        return described(read_chain(said["pem"])[0])
    except (ProbeError, CertificateError) as error:
        return ServedCertificate(problem=str(error))
