"""Keeps this host's certificate: takes over a newer one from another node, and where none has one
in time, gets it from an ACME authority (RFC 8555) with lego.

It is put on real servers as it is, and runs there under Debian's own Python, with Debian's
python3-cryptography (3.4 and later). Every node does the same. What tells them apart is when
they find that a new certificate is due: the first one days before the second, and so on. So one
asks, the others have its certificate long before they would ask themselves, and one that is gone
is stood in for without anybody having to notice.

A certificate travels between nodes under their common secret (Fernet: AES and HMAC).
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import fcntl
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

PLACEHOLDER = "cosyvoice-cluster placeholder"
CONFIGURATION = "/etc/cosyvoice/acme.json"
# datetime.UTC is newer than some hosts' Python.
UTC = timezone.utc  # noqa: UP017

_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----\n?", re.DOTALL)
_LONGEST = 1 << 20
_LEGO_PATIENCE = 600
_FIRST_PAUSE, _LONGEST_PAUSE = 300, 3600
"""Seconds after a failure; public authorities allow five an hour."""


class Failed(Exception):  # noqa: N818
    """Told to the operator as it is."""


@dataclass(frozen=True)
class Held:
    """A key and its chain, in PEM."""

    pem: str
    chain: tuple[x509.Certificate, ...]

    @property
    def own(self) -> x509.Certificate:
        return self.chain[0]

    @property
    def placeholder(self) -> bool:
        return PLACEHOLDER in self.own.issuer.rfc4514_string()

    @property
    def begins(self) -> datetime:
        return self.own.not_valid_before.replace(tzinfo=UTC)

    @property
    def until(self) -> datetime:
        return min(one.not_valid_after for one in self.chain).replace(tzinfo=UTC)

    @property
    def names(self) -> set[str]:
        try:
            kind = x509.SubjectAlternativeName
            found = self.own.extensions.get_extension_for_class(kind).value
        except x509.ExtensionNotFound:
            return set()
        return {name.lower() for name in found.get_values_for_type(x509.DNSName)}


def held(pem: str) -> Held:
    """Raises ``ValueError`` where it is no key with its own certificate."""
    chain = tuple(x509.load_pem_x509_certificate(one.encode()) for one in _CERTIFICATE.findall(pem))
    key = load_pem_private_key(pem.encode(), None)
    kind = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    if not chain or key.public_key().public_bytes(*kind) != chain[0].public_key().public_bytes(
        *kind
    ):
        raise ValueError("no key with its own certificate")
    return Held(pem, chain)


class Keeper:
    """One host's certificate; ``settings`` are those of the file that a deploy writes."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.names = [name.lower() for name in settings["names"]]
        self.asks: bool = settings["asks"]
        self.rank: int = settings["rank"]
        self.nodes: int = settings["nodes"]
        self.renew_days: int = settings["renew_days"]
        self.sources: list[str] = settings["sources"]
        self.reload: list[str] = settings["reload"]
        self.check: list[str] = settings["check"]
        self.certificate = Path(settings["certificate"])
        self.state = Path(settings["state"])
        self.settings = settings

    def placeholder(self) -> None:
        """So that a server can start: one that nobody trusts, where there is none at all."""
        if self.current() is None:
            self.write(_placeholder(self.names))

    def current(self) -> Held | None:
        """The certificate served now."""
        try:
            return held(self.certificate.read_text())
        except (OSError, ValueError):
            return None

    def turn(self, *, force: bool = False, ask: bool = True) -> None:
        """One look: at the others, and where it is time, at the authority."""
        self.placeholder()
        with self.alone():
            if not force and (newer := self.newest_of_others()):
                self.take(newer)
            if force or (self.asks and ask and self.due() and self.may_try()):
                self.take(self.issued())
            self.publish()

    def due(self) -> bool:
        """It is this node's turn to ask for a new one."""
        now, found = datetime.now(UTC), self.current()
        if found is None or not set(self.names) <= found.names or found.until <= now:
            return True
        if found.placeholder:
            return now >= found.begins + timedelta(minutes=30 * self.rank)
        # Half of the time that is left is for those who stand in.
        step = min(2.0, self.renew_days / 2 / max(1, self.nodes - 1))
        return found.until - now <= timedelta(days=self.renew_days - step * self.rank)

    def newest_of_others(self) -> Held | None:
        """One that another node has, or that came when this one was cut, if it is better than what
        is here."""
        best = self.current()
        with contextlib.suppress(OSError, ValueError):
            if self.better(found := self.kept_by_lego(), best):
                best = found
        for url in self.sources:
            with contextlib.suppress(OSError, ValueError, InvalidToken):
                # The other real servers, as the inventory has them.
                with urllib.request.urlopen(url, timeout=10) as answer:  # nosec B310
                    sealed = answer.read(_LONGEST)
                found = held(self.seals().decrypt(sealed).decode())
                if self.better(found, best):
                    best = found
        return None if best is None or best == self.current() else best

    def better(self, found: Held, than: Held | None) -> bool:
        """For all names, no placeholder, and longer valid."""
        good = not found.placeholder and set(self.names) <= found.names
        if than is None or than.placeholder or not set(self.names) <= than.names:
            return good
        return good and found.until > than.until

    def issued(self) -> Held:
        """A new one. Raises ``Failed``."""
        folder, settings = self.state / "lego", self.settings
        words = ["lego", "--accept-tos", "--path", str(folder), "--email", settings["email"]]
        words += ["--server", settings["directory"]]
        words += [word for name in self.names for word in ("--domains", name)]
        environment = dict(os.environ)
        if settings["authority"]:
            environment["LEGO_CA_CERTIFICATES"] = settings["authority"]
        if settings["hook"]:
            # The hook returns once its record can be seen.
            words += ["--dns", "exec", "--dns.disable-cp"]
            environment |= {"EXEC_PATH": settings["hook"], "EXEC_SEQUENCE_INTERVAL": "1"}
        else:
            words += ["--http", "--http.webroot", settings["webroot"]]
        tried = self.state / "tried"
        failures = self.failures() + 1
        _write(tried, json.dumps({"at": time.time(), "failures": failures}), 0o600)
        done = subprocess.run(
            [*words, "run"],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_LEGO_PATIENCE,
            check=False,
        )
        if done.returncode != 0:
            said = (done.stderr or done.stdout).strip().splitlines() or [
                f"status {done.returncode}"
            ]
            raise Failed(f"{settings['directory']} gave no certificate: {said[-1]}")
        tried.unlink()
        return self.kept_by_lego()

    def kept_by_lego(self) -> Held:
        """The last one that it got."""
        base = self.state / "lego" / "certificates" / self.names[0].replace("*", "_")
        key, chain = (base.with_name(f"{base.name}.{end}").read_text() for end in ("key", "crt"))
        return held(key + chain)

    def failures(self) -> int:
        """Failures since the last success."""
        with contextlib.suppress(OSError, ValueError):
            return int(json.loads((self.state / "tried").read_text())["failures"])
        return 0

    def may_try(self) -> bool:
        """A failed attempt is followed by a pause, each time a longer one."""
        with contextlib.suppress(OSError, ValueError):
            at = float(json.loads((self.state / "tried").read_text())["at"])
            pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (self.failures() - 1))
            return not at <= time.time() < at + pause
        return True

    def take(self, found: Held) -> None:
        """Serve it; one that the server does not take is given back. Raises ``Failed``."""
        before = self.certificate.read_text()
        self.write(found)
        for command in (self.check, self.reload):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                _write(self.certificate, before, 0o600)
                raise Failed(f"{command[0]}: {(done.stderr or done.stdout).strip()}")
        until = found.until.strftime("%Y-%m-%d")
        print(f"serves {found.own.serial_number:X}, until {until}", flush=True)

    def write(self, found: Held) -> None:
        self.certificate.parent.mkdir(parents=True, exist_ok=True)
        _write(self.certificate, found.pem, 0o600)

    def publish(self) -> None:
        """For the other nodes, sealed; they alone are let near it."""
        found = self.current()
        if self.settings["published"] is None or found is None or found.placeholder:
            return
        published, seal = Path(self.settings["published"]), self.seals(given=False)
        with contextlib.suppress(OSError, InvalidToken):
            if seal.decrypt(published.read_bytes()) == found.pem.encode():
                return
        _write(published, seal.encrypt(found.pem.encode()).decode(), 0o644)

    def seals(self, *, given: bool = True) -> MultiFernet:
        """By the nodes' secret; what is ``given`` may be sealed by others that are good too."""
        path = Path(self.settings["secret"])
        secrets = [path.read_bytes().strip()]
        accepted = path.with_name(f"{path.name}.accepted")
        if given and accepted.exists():
            others = filter(None, map(bytes.strip, accepted.read_bytes().splitlines()))
            secrets += [one for one in others if one not in secrets]
        return MultiFernet([_seal(secret) for secret in secrets])

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """One at a time on a host."""
        self.state.mkdir(parents=True, exist_ok=True, mode=0o700)
        # lego leaves the account's key open to all who reach it.
        self.state.chmod(0o700)
        with (self.state / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _seal(secret: bytes) -> Fernet:
    key = hashlib.scrypt(secret, salt=b"cosyvoice certificate", n=2**14, r=8, p=1, dklen=32)
    return Fernet(base64.urlsafe_b64encode(key))


def _placeholder(names: list[str]) -> Held:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, PLACEHOLDER)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=3650))
        .add_extension(x509.SubjectAlternativeName(list(map(x509.DNSName, names))), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return held((secret + certificate.public_bytes(Encoding.PEM)).decode())


def _write(path: Path, text: str, mode: int) -> None:
    """The old or the new one is there, whenever it is cut."""
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=".new.", delete=False) as file:
        file.write(text)
        file.flush()
        os.fchmod(file.fileno(), mode)
        os.fsync(file.fileno())
    Path(file.name).replace(path)


def main() -> None:
    parser = argparse.ArgumentParser(description="Keep this host's certificate.")
    parser.add_argument("--configuration", default=CONFIGURATION)
    parser.add_argument("--every", type=float, metavar="SECONDS", help="go on for ever")
    words = ("placeholder", "turn", "issue", "fetch")
    parser.add_argument("word", choices=words)
    asked = parser.parse_args()
    keeper = Keeper(json.loads(Path(asked.configuration).read_text()))
    while True:
        try:
            if asked.word == "placeholder":
                keeper.placeholder()
            else:
                keeper.turn(force=asked.word == "issue", ask=asked.word != "fetch")
        except (Failed, OSError, subprocess.TimeoutExpired) as error:
            print(f"cosyvoice-acme: {error}", file=sys.stderr, flush=True)
            if asked.every is None:
                sys.exit(1)
        if asked.every is None:
            return
        time.sleep(asked.every)


if __name__ == "__main__":
    main()
