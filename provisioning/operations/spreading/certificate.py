"""The certificate by which hosts know each other while contents are spread.

It is made for one run and proves both sides. Hosts get it over SSH and keep it in memory, so that
nothing has to be on a host before, and nothing is left there.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

_BEGIN, _END = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
"""It ends with the run; a host whose clock is wrong takes part as well."""


@dataclass(frozen=True, slots=True)
class RunCertificate:
    """A certificate and its key, as PEM."""

    certificate: str
    key: str = field(repr=False)


def run_certificate() -> RunCertificate:
    """Make one that signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "cosyvoice-cluster run")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_BEGIN)
        .not_valid_after(_END)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, SHA256())
    )
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return RunCertificate(certificate.public_bytes(Encoding.PEM).decode(), secret.decode())
