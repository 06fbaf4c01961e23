"""Certificates with their keys, as hosts keep them. Pure."""

from ..places import CERTIFICATE_FILE, LOG_TLS
from ..resources.base import Observation
from .fact import Fact


def _text(found: Observation) -> str:
    return found.stdout


def _pem(*files: str) -> str:
    return f"cat {' '.join(files)} 2>/dev/null || :"


TLS_CERTIFICATE = Fact("tls_certificate", _pem(CERTIFICATE_FILE), _text)
"""The one that clients are shown, in PEM and with its key, to be shown nowhere; empty where there
is none."""

LOG_CERTIFICATE = Fact(
    "log_certificate", _pem(f"{LOG_TLS}/key.pem", f"{LOG_TLS}/certificate.pem"), _text
)
"""The one by which a host and the log host know each other, in the same form."""
