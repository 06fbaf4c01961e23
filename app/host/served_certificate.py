"""The end of the certificate that Nginx on this machine shows to clients."""

import socket
import ssl
import time

from prometheus_client.core import GaugeMetricFamily

from ..outputs.time_limited import TimeLimitedExecutor

_PATIENCE = 5.0
_AGE = 60.0
"""Seconds for which what was seen is told; it changes once in weeks."""
_NO_CHECK_TIME = 0x200000
"""X509_V_FLAG_NO_CHECK_TIME of OpenSSL's x509_vfy.h, for which ``ssl`` has no name."""


class CertificateWatch:
    """Asks as clients do; in a thread, with a time limit."""

    def __init__(self, port: int | None) -> None:
        self._port = port
        self._ends = 0.0
        self._known = b""
        self._asked = float("-inf")
        self._thread = TimeLimitedExecutor("certificate", 1, _PATIENCE)

    async def refresh(self) -> None:
        """Look again, if it is long ago."""
        if self._port is None or time.monotonic() - self._asked < _AGE:
            return
        self._asked, port = time.monotonic(), self._port
        try:
            self._ends = await self._thread.call(lambda: self._read(port))
        except OSError:
            # TimeoutError is one too.
            self._ends = 0.0

    def metrics(self) -> list[GaugeMetricFamily]:
        """The end, as of the last look; nothing without TLS."""
        if self._port is None:
            return []
        name = "cosyvoice_certificate_expiry_timestamp_seconds"
        told = "End of the certificate that clients of this node are shown; 0 where none is."
        return [GaugeMetricFamily(name, told, self._ends)]

    def close(self) -> None:
        """Give up the thread."""
        self._thread.close()

    def _read(self, port: int) -> float:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        certificate = _shown(port, context)[0]
        if certificate != self._known:
            self._known, self._ends = certificate, _end(port, certificate)
        return self._ends


def _end(port: int, certificate: bytes) -> float:
    """Seconds since 1970. ``ssl`` takes a certificate apart for those who trust it, so that it is
    trusted here, as what it says of itself is all that counts."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | _NO_CHECK_TIME
    context.load_verify_locations(cadata=certificate)
    return ssl.cert_time_to_seconds(_shown(port, context)[1])


def _shown(port: int, context: ssl.SSLContext) -> tuple[bytes, str]:
    """The certificate in DER, and its end where the context trusts it."""
    place = "127.0.0.1", port
    with (
        socket.create_connection(place, _PATIENCE) as plain,
        context.wrap_socket(plain) as encrypted,
    ):
        told = encrypted.getpeercert() or {}
        return encrypted.getpeercert(binary_form=True) or b"", str(told.get("notAfter", ""))
