"""A certificate as a server shows it: the chain, its key, and everything that could be wrong with
them. Pure but for the clock of whoever asks."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Literal, TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

from ...errors import ClusterError

_RSA_BITS = 2048
_CURVE_BITS = 256
_OLD_HASHES = frozenset({"md5", "sha1"})

_E = TypeVar("_E", bound=x509.ExtensionType)
About = Literal["certificate", "key"]


class CertificateError(ClusterError):
    """A file that holds no certificate, or no key; the message says which and the fix."""

    def __init__(self, about: About, message: str, fix: str) -> None:
        self.about, self.message, self.fix = about, message, fix
        super().__init__(f"{message}; {fix}")


@dataclass(frozen=True, slots=True)
class Defect:
    """Something wrong with a certificate; ``grave`` where clients would refuse it."""

    about: About
    message: str
    fix: str
    grave: bool = True


@dataclass(frozen=True, slots=True)
class ServerCertificate:
    """A chain, the server's own first, and the key of that one."""

    chain: tuple[x509.Certificate, ...]
    key: PrivateKeyTypes

    @property
    def own(self) -> x509.Certificate:
        """The server's."""
        return self.chain[0]

    @property
    def until(self) -> datetime:
        """The end of the one that ends first, in UTC."""
        return min(one.not_valid_after_utc for one in self.chain)

    @property
    def serial(self) -> str:
        """Serial number, in hexadecimal as openssl(1) shows it."""
        return serial_of(self.own)

    @property
    def names(self) -> tuple[str, ...]:
        """Names and addresses it is for."""
        return names_of(self.own)

    def pem(self) -> str:
        """Key and chain in one file, so that a server never has one without the other."""
        key = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return (key + b"".join(one.public_bytes(Encoding.PEM) for one in self.chain)).decode()


def read_certificate(chain: str, key: str) -> ServerCertificate:
    """From PEM texts. Raises ``CertificateError``."""
    return ServerCertificate(read_chain(chain), _key(key))


def read_chain(text: str) -> tuple[x509.Certificate, ...]:
    """Certificates in PEM, in the order of the text. Raises ``CertificateError``."""
    try:
        return tuple(x509.load_pem_x509_certificates(text.encode()))
    except ValueError:
        raise CertificateError(
            "certificate",
            "holds no certificate in PEM",
            "name the file with -----BEGIN CERTIFICATE-----; of a .pfx: openssl pkcs12 -nokeys; "
            "of a DER file: openssl x509 -inform DER",
        ) from None


def _key(text: str) -> PrivateKeyTypes:
    try:
        return load_pem_private_key(text.encode(), None)
    except TypeError:
        raise CertificateError(
            "key",
            "the key has a password, which nobody could type when a server starts",
            "openssl pkey -in FILE -out NEW, and keep NEW to yourself (chmod 600, or !vault)",
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise CertificateError(
            "key",
            "holds no private key in PEM",
            "name the file with -----BEGIN PRIVATE KEY-----",
        ) from None


def defects(
    found: ServerCertificate, names: list[str], now: datetime, warn_days: int
) -> Iterator[Defect]:
    """Everything that clients would stumble over, the gravest first. Pure."""
    yield from _other_key(found)
    yield from _order(found.chain)
    yield from _foreign_names(found, names)
    yield from _time(found, now, warn_days)
    for one in found.chain:
        yield from _weak(one, is_own=one is found.own)
    yield from _use(found.own)
    yield from _incomplete(found.chain)


def _other_key(found: ServerCertificate) -> Iterator[Defect]:
    kind = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    if found.key.public_key().public_bytes(*kind) != found.own.public_key().public_bytes(*kind):
        yield Defect(
            "key",
            f"not the key of the certificate for {_subject(found.own)}",
            "name the key that the certificate was asked for with",
        )


def _order(chain: tuple[x509.Certificate, ...]) -> Iterator[Defect]:
    fix = "order the file: the server's own certificate, then each one's issuer"
    for one, issuer in pairwise(chain):
        try:
            one.verify_directly_issued_by(issuer)
        except (ValueError, TypeError, InvalidSignature):
            message = f"{_subject(one)} is not vouched for by the next one, {_subject(issuer)}"
            yield Defect("certificate", message, fix)
            return


def _foreign_names(found: ServerCertificate, names: list[str]) -> Iterator[Defect]:
    theirs = found.names
    if missing := uncovered(theirs, names):
        yield Defect(
            "certificate",
            f"not for {', '.join(missing)}, but for {', '.join(theirs) or 'no name at all'}",
            "get one for all of tls.names, or correct them",
        )


def uncovered(theirs: Iterable[str], names: Iterable[str]) -> list[str]:
    """The names that a certificate for ``theirs`` is not for."""
    patterns = tuple(theirs)
    return [name for name in names if not any(_covers(one, name) for one in patterns)]


def _covers(pattern: str, name: str) -> bool:
    """As RFC 6125, section 6.4.3: a star stands for one label, the first."""
    pattern, name = pattern.lower(), name.lower()
    if pattern == name:
        return True
    return (
        pattern.startswith("*.")
        and not name.startswith("*.")
        and (pattern[1:] == name[name.find(".") :])
    )


def _time(found: ServerCertificate, now: datetime, warn_days: int) -> Iterator[Defect]:
    begins = max(one.not_valid_before_utc for one in found.chain)
    if begins > now:
        yield Defect(
            "certificate",
            f"is not valid before {begins:%Y-%m-%d %H:%M} UTC",
            "wait until then, or set the clock of this machine",
        )
    left = (found.until - now).total_seconds() / 86400
    if left <= 0:
        yield Defect("certificate", f"ended on {found.until:%Y-%m-%d}", "get a new one")
    elif left < warn_days:
        message = f"ends on {found.until:%Y-%m-%d}, in {days(left)}"
        yield Defect("certificate", message, "get a new one before", grave=False)


def days(left: float) -> str:
    """A time in days, for people."""
    whole = round(left)
    if whole < 1:
        return "less than a day"
    return "1 day" if whole == 1 else f"{whole} days"


def _weak(one: x509.Certificate, *, is_own: bool) -> Iterator[Defect]:
    key = one.public_key()
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < _RSA_BITS:
        message = f"{_subject(one)} has an RSA key of {key.key_size} bits"
        yield Defect("certificate", message, f"get one with {_RSA_BITS} bits or more, or P-256")
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.key_size < _CURVE_BITS:
        message = f"{_subject(one)} has a key on the curve {key.curve.name}"
        yield Defect("certificate", message, "get one with P-256")
    # Nobody looks at the signature of a root, which vouches for itself.
    if one.issuer == one.subject and not is_own:
        return
    hashed = one.signature_hash_algorithm
    if hashed is not None and hashed.name in _OLD_HASHES:
        message = f"{_subject(one)} is signed by {hashed.name.upper()}, which clients refuse"
        yield Defect("certificate", message, "get one that is signed by SHA-256")


def _use(own: x509.Certificate) -> Iterator[Defect]:
    usage = _extension(own, x509.ExtendedKeyUsage)
    allowed = {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}
    if usage is not None and not allowed & set(usage):
        yield Defect("certificate", "is not for servers", "get one for TLS servers (serverAuth)")
    constraints = _extension(own, x509.BasicConstraints)
    if constraints is not None and constraints.ca:
        yield Defect(
            "certificate",
            f"begins with {_subject(own)}, which is an authority's own",
            "begin the file with the server's certificate",
        )


def _incomplete(chain: tuple[x509.Certificate, ...]) -> Iterator[Defect]:
    """Public authorities tell where their own certificate is, and sign with an intermediate."""
    last = chain[-1]
    access = _extension(last, x509.AuthorityInformationAccess)
    issuers = AuthorityInformationAccessOID.CA_ISSUERS
    if len(chain) == 1 and access and any(one.access_method == issuers for one in access):
        yield Defect(
            "certificate",
            "holds the server's certificate alone: programs cannot tell who vouches for it",
            "use the file with the whole chain (fullchain.pem)",
            grave=False,
        )


def _extension(one: x509.Certificate, kind: type[_E]) -> _E | None:
    try:
        return one.extensions.get_extension_for_class(kind).value
    except (x509.ExtensionNotFound, ValueError):
        return None


def serial_of(one: x509.Certificate) -> str:
    """Serial number, in hexadecimal as openssl(1) shows it."""
    return f"{one.serial_number:X}"


def names_of(one: x509.Certificate) -> tuple[str, ...]:
    """Names and addresses it is for."""
    found = _extension(one, x509.SubjectAlternativeName)
    if found is None:
        return ()
    names = found.get_values_for_type(x509.DNSName)
    return (*names, *map(str, found.get_values_for_type(x509.IPAddress)))


def _subject(one: x509.Certificate) -> str:
    names = names_of(one)
    return names[0] if names else one.subject.rfc4514_string() or "a certificate without a name"
