"""TLS in the inventory: a certificate that clients would refuse is refused here, with the fix."""

import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

from provisioning.model.derived.resolve import virtual_services
from provisioning.model.loader.load import load_inventory
from provisioning.model.tls.authority import issue, new_authority, read_authority
from provisioning.model.tls.certificate import days, read_certificate
from tests.certificates import NAME, Made, Wanted, authority, made, rsa_key, write
from tests.model.marked import MARK, SMALLEST, Case, check, diagnostics, error, warns

_ROOT = authority("root")
_MIDDLE = authority("middle", _ROOT)
_LEAF = made(Wanted(issuer=_MIDDLE))
_WRITTEN = "{names: [%s], certificate: chain.pem, key: {file: key.pem}}"


def tls(at: str = "", names: str = NAME) -> str:
    """The block, with the mark where a finding about a key points to."""
    text = _WRITTEN % names
    if at == "key":
        # Of a mapping, to its key.
        return f"tls: {text.replace('key: ', f'{MARK}key: ')}"
    return f"tls: {text.replace(f'{at}: ', f'{at}: {MARK}', 1)}"


def _with(**wanted: object) -> Callable[[], tuple[str, str]]:
    def found() -> tuple[str, str]:
        one = made(Wanted(**wanted))  # type: ignore[arg-type]
        return one.pem, one.key_pem()

    return found


def _chain(*some: Made, key: Made = _LEAF) -> Callable[[], tuple[str, str]]:
    return lambda: ("".join(one.pem for one in some), key.key_pem())


def _by_sha1() -> tuple[str, str]:
    """By openssl(1): the library that is used here signs with nothing so old."""
    command = (
        "openssl req -x509 -sha1 -newkey rsa:2048 -nodes -keyout - -subj /CN=old "
        f"-addext subjectAltName=DNS:{NAME} -addext basicConstraints=CA:FALSE"
    )
    done = subprocess.run(command.split(), capture_output=True, text=True, check=True)
    key, begin, chain = done.stdout.partition("-----BEGIN CERTIFICATE-----")
    return begin + chain, key


_CAISSUERS = x509.AuthorityInformationAccess(
    [
        x509.AccessDescription(
            AuthorityInformationAccessOID.CA_ISSUERS,
            x509.UniformResourceIdentifier("http://ca.example/middle.der"),
        )
    ]
)
BAD: dict[str, tuple[Callable[[], tuple[str, str]], Case]] = {
    "of another key": (
        _chain(_LEAF, _MIDDLE, key=_ROOT),
        error("tls.key", f"not the key of the certificate for {NAME}", tls=tls("key")),
    ),
    "in another order": (
        _chain(_LEAF, _ROOT, _MIDDLE),
        error(
            "tls.certificate",
            f"{NAME} is not vouched for by the next one, CN=root",
            "the server's own certificate, then each one's issuer",
            tls=tls("certificate"),
        ),
    ),
    "for another name": (
        _chain(_LEAF, _MIDDLE),
        error(
            "tls.certificate",
            f"not for a.{NAME}, but for {NAME}",
            tls=tls("certificate", f"a.{NAME}"),
        ),
    ),
    "two labels under a star": (
        _with(names=[f"*.{NAME}"]),
        error(
            "tls.certificate",
            f"not for a.b.{NAME}",
            tls=tls("certificate", f"a.{NAME}, a.b.{NAME}"),
        ),
    ),
    "ended": (
        _with(begins=-30, days=29),
        error("tls.certificate", "ended on ", "get a new one", tls=tls("certificate")),
    ),
    "to come": (
        _with(begins=2),
        error("tls.certificate", "is not valid before ", tls=tls("certificate")),
    ),
    "about to end": (
        _with(days=6),
        warns("tls.certificate", "in 5 days", tls=tls("certificate")),
    ),
    "with a short RSA key": (
        _with(key=rsa_key(1024)),
        error("tls.certificate", "an RSA key of 1024 bits", "2048", tls=tls("certificate")),
    ),
    "on a small curve": (
        _with(key=ec.generate_private_key(ec.SECP192R1())),
        error("tls.certificate", "a key on the curve secp192r1", "P-256", tls=tls("certificate")),
    ),
    "signed by SHA-1": (
        _by_sha1,
        error("tls.certificate", "is signed by SHA1", "SHA-256", tls=tls("certificate")),
    ),
    "for clients": (
        _with(extensions=[x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])]),
        error("tls.certificate", "is not for servers", "serverAuth", tls=tls("certificate")),
    ),
    "without who vouches for it": (
        _with(issuer=_MIDDLE, extensions=[_CAISSUERS]),
        warns("tls.certificate", "the server's certificate alone", "fullchain.pem",
              tls=tls("certificate")),
    ),
    "no certificate": (
        lambda: ("-----BEGIN NOTHING-----\n", _LEAF.key_pem()),
        error("tls.certificate", "holds no certificate in PEM", tls=tls("certificate")),
    ),
    "no key": (
        lambda: (_LEAF.pem, "nothing"),
        error("tls.key", "holds no private key in PEM", found="", tls=tls("key")),
    ),
    "a key with a password": (
        lambda: (_LEAF.pem, _LEAF.key_pem("secret")),
        error("tls.key", "the key has a password", "openssl pkey", tls=tls("key")),
    ),
    "with its key beside": (
        lambda: (_LEAF.pem + _MIDDLE.pem + _LEAF.key_pem(), _LEAF.key_pem()),
        error("tls.certificate", "holds a private key too", tls=tls("certificate")),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_bad_certificate_is_refused_before_any_host_is_touched(name: str, tmp_path: Path) -> None:
    files, case = BAD[name]
    write(tmp_path, *files())
    check(case, tmp_path)


def test_a_good_one_is_taken(tmp_path: Path) -> None:
    write(tmp_path, _LEAF.pem + _MIDDLE.pem, _LEAF.key_pem())
    text = "\n".join({**SMALLEST, "tls": f"tls: {_WRITTEN}" % NAME}.values())
    assert diagnostics(text, tmp_path) == []


def test_a_key_that_everybody_may_read_is_refused(tmp_path: Path) -> None:
    write(tmp_path, _LEAF.pem + _MIDDLE.pem, _LEAF.key_pem())
    (tmp_path / "key.pem").chmod(0o644)
    check(error("tls.key", "every user of this machine", "chmod 600", tls=tls("key")), tmp_path)


def test_a_key_that_is_elsewhere_is_no_mistake(tmp_path: Path) -> None:
    write(tmp_path, _LEAF.pem + _MIDDLE.pem, _LEAF.key_pem())
    text = tls("key").replace("{file: key.pem}", "{env: NOWHERE}")
    check(warns("tls.key", "NOWHERE is not set", tls=text), tmp_path)


def test_clients_are_served_by_tls_alone_unless_it_is_said_otherwise(tmp_path: Path) -> None:
    def ports(more: str) -> list[tuple[int, str, str]]:
        path = tmp_path / "inventory.yaml"
        blocks = {
            **SMALLEST,
            "services": "services: [{scheduler: wlc}, {name: b, app: false, port: 9}]",
        }
        path.write_text("\n".join({**blocks, "tls": f"tls: {{authority: cluster{more}}}"}.values()))
        services = virtual_services(load_inventory(path))
        return [(one.port, one.scheduler.value, one.check.type) for one in services]

    ours, other = (7860, "wlc", "http"), (9, "rr", "http")
    https, redirect = (443, "wlc", "ssl"), (80, "wlc", "http")
    assert ports("") == [https, redirect, other]
    assert ports(", only: false") == [https, redirect, ours, other]
    assert ports(", port: 8443, redirect_port: null") == [(8443, "wlc", "ssl"), other]


def test_an_authority_of_the_clusters_own_issues_what_clients_take() -> None:
    now = datetime.now(UTC)
    ours = read_authority(new_authority("lab", now).pem())
    vip = ip_address("fd00::100")
    issued = issue(ours, [NAME], [vip], now)
    again = read_certificate(issued.pem(), issued.pem())
    assert again.names == (NAME, "fd00::100") and again.serial == issued.serial
    assert ours.vouches_for(again.own)
    assert not new_authority("lab", now).vouches_for(again.own)
    assert timedelta(days=360) < again.until - now <= timedelta(days=365)
    assert "PRIVATE" not in ours.public_pem()


@pytest.mark.parametrize(
    ("left", "told"),
    [(0.2, "less than a day"), (0.9, "1 day"), (1.4, "1 day"), (1.6, "2 days"), (90.0, "90 days")],
)
def test_days_are_counted_as_people_say_them(left: float, told: str) -> None:
    assert days(left) == told
