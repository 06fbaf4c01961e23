"""Certificates for tests, made as they are needed, good or with one thing wrong."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

NAME = "tts.example.org"


def rsa_key(bits: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


@dataclass
class Made:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: Any

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode()

    def key_pem(self, password: str = "") -> str:
        how: KeySerializationEncryption = NoEncryption()
        if password:
            how = BestAvailableEncryption(password.encode())
        kind = Encoding.PEM, PrivateFormat.PKCS8
        return str(self.key.private_bytes(*kind, how).decode())


@dataclass
class Wanted:
    """What a certificate is to be like."""

    subject: str = NAME
    names: Sequence[str] = (NAME,)
    issuer: Made | None = None
    """Itself where there is none."""
    authority: bool = False
    key: Any = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    begins: int = -1
    days: int = 90
    extensions: Sequence[x509.ExtensionType] = ()


def made(wanted: Wanted | None = None) -> Made:
    """One as wanted."""
    wanted = wanted or Wanted()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, wanted.subject)])
    issuer = wanted.issuer.certificate.subject if wanted.issuer else subject
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(wanted.key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=wanted.begins))
        .not_valid_after(now + timedelta(days=wanted.begins + wanted.days))
        .add_extension(x509.BasicConstraints(wanted.authority, None), critical=True)
    )
    if wanted.names:
        names = x509.SubjectAlternativeName([x509.DNSName(name) for name in wanted.names])
        builder = builder.add_extension(names, critical=False)
    for extension in wanted.extensions:
        builder = builder.add_extension(extension, critical=False)
    by = wanted.issuer.key if wanted.issuer else wanted.key
    return Made(builder.sign(by, SHA256()), wanted.key)


def authority(name: str, issuer: Made | None = None) -> Made:
    """One that may sign others."""
    return made(Wanted(name, (), issuer, authority=True, days=3650))


def write(folder: Path, chain: str, key: str) -> None:
    """As an inventory of the tests names them."""
    (folder / "chain.pem").write_text(chain)
    path = folder / "key.pem"
    path.touch(mode=0o600)
    path.write_text(key)
