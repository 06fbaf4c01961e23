"""A certificate authority of the cluster's own: for laboratories and intranets, whose clients are
told to trust it. Pure but for random numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ..address import IPAddress
from .certificate import CertificateError, ServerCertificate

_YEARS = timedelta(days=3650)
_LEAF = timedelta(days=365)
"""The longest that Mozilla's intermediate configuration allows, and as short as a cluster may stand
without a deploy."""
_BEFORE = timedelta(hours=1)
"""Clocks of clients may be behind."""


@dataclass(frozen=True, slots=True)
class Authority:
    """Its certificate, which clients trust, and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    def pem(self) -> str:
        """Key and certificate, for those who may sign."""
        key = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return key.decode() + self.public_pem()

    def public_pem(self) -> str:
        """The certificate, for everybody."""
        return self.certificate.public_bytes(Encoding.PEM).decode()

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, as openssl(1) and browsers show it."""
        return self.certificate.fingerprint(SHA256()).hex(":").upper()

    def vouches_for(self, one: x509.Certificate) -> bool:
        """Tell whether it has signed that certificate."""
        try:
            one.verify_directly_issued_by(self.certificate)
        except (ValueError, TypeError, InvalidSignature):
            return False
        return True


def read_authority(text: str) -> Authority:
    """From what ``pem`` wrote. Raises ``CertificateError``."""
    try:
        key = load_pem_private_key(text.encode(), None)
        certificate = x509.load_pem_x509_certificate(text.encode())
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise CertificateError(
            "key",
            "the cluster's authority cannot be read",
            "remove the file if clients may be told to trust a new one",
        )
    return Authority(certificate, key)


def new_authority(cluster: str, now: datetime) -> Authority:
    """One that nobody trusts yet."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{cluster} cluster authority")])
    own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    usage = _usage(key_cert_sign=True, crl_sign=True)
    builder = (
        _begun(name, name, key, now - _BEFORE, now + _YEARS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(own, critical=False)
    )
    return Authority(builder.sign(key, SHA256()), key)


def issue_peer(authority: Authority, name: str, now: datetime) -> ServerCertificate:
    """A certificate with which a host serves others of its cluster and asks them, for as long as
    the authority lasts. Their clocks may be far behind when they boot."""
    until = authority.certificate.not_valid_after_utc
    both = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    begin = min(authority.certificate.not_valid_before_utc, now)
    return _issued(authority, [name], [], (begin, until), both)


def issue(
    authority: Authority, names: Sequence[str], addresses: Sequence[IPAddress], now: datetime
) -> ServerCertificate:
    """A certificate for these names and addresses, with a key of its own."""
    length = (now - _BEFORE, now + _LEAF)
    return _issued(authority, names, addresses, length, [ExtendedKeyUsageOID.SERVER_AUTH])


def _issued(
    authority: Authority,
    names: Sequence[str],
    addresses: Sequence[IPAddress],
    length: tuple[datetime, datetime],
    purposes: list[x509.ObjectIdentifier],
) -> ServerCertificate:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([])
    alternatives = x509.SubjectAlternativeName(
        [*map(x509.DNSName, names), *map(x509.IPAddress, addresses)]
    )
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())
    builder = (
        _begun(subject, authority.certificate.subject, key, *length)
        # Critical where there is no subject (RFC 5280, section 4.2.1.6).
        .add_extension(alternatives, critical=True)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(digital_signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        .add_extension(issuer, critical=False)
    )
    return ServerCertificate((builder.sign(authority.key, SHA256()),), key)


def _begun(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    begin: datetime,
    end: datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
    )


def _usage(
    *, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )
