"""A host whose certificate comes by ACME, below a folder: Nginx and the program that keeps it."""

import json
import socket
import ssl
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509

from provisioning.model.tls.authority import issue, new_authority
from provisioning.places import (
    ACME_AUTHORITY,
    ACME_HOOK,
    ACME_PROGRAM,
    ACME_SETTINGS,
    ACME_STATE,
    NGINX_PROGRAM,
    SECRET_FILE,
)
from provisioning.resources.file import File
from tests.certificates import NAME
from tests.roles.nginx_site import Site
from tests.roles.rendered import files

HOSTS = {"rs1": "192.168.1.101", "rs2": "192.168.1.102"}


@dataclass
class Pebble:
    """An authority; ``asks_at`` is where it takes the service's port 80 to be."""

    directory: str
    trusted: Path
    dns: str
    asks_at: int


class Node(Site):
    """A real server, or an edge, with its Nginx and the program that keeps its certificate."""

    def __init__(self, name: str, ports: dict[str, int], root: Path, pebble: Pebble) -> None:
        folder = root / name
        for place in ("private", "www"):
            (folder / "acme" / place).mkdir(parents=True)
        (folder / "acme").chmod(0o755)
        self.name, self.ports, self.pebble = name, ports, pebble
        (folder / "secret").write_text("the nodes' secret\n")
        super().__init__(folder, 1, folder / "certificate.pem", "tls-acme")
        self.plain = ports[name]
        given = files("tls-acme")
        self.conf.write_text(self.here(given[f"{name}/etc/nginx/cosyvoice.conf"], 1))
        self.program.write_text(self.here(given[f"{name}{NGINX_PROGRAM}"], 1))
        self.keeper, self.settings = folder / "cosyvoice-acme", folder / "acme.json"
        self.keeper.write_text(self.here(given[f"{name}{ACME_PROGRAM}"], 1))
        self.keeper.chmod(0o755)
        told = json.loads(self.here(given[f"{name}{ACME_SETTINGS}"], 1))
        told["reload"] = ["sh", "-c", f"kill -HUP $(cat {folder}/pid)"]
        told["directory"], told["authority"] = pebble.directory, str(pebble.trusted)
        self.set(told)

    def set(self, changed: dict[str, Any]) -> None:
        """Settings as a deploy would write them."""
        before = json.loads(self.settings.read_text()) if self.settings.exists() else {}
        self.settings.write_text(json.dumps({**before, **changed}))

    def here(self, file: File, app_port: int) -> str:
        text = super().here(file, app_port)
        for name, address in HOSTS.items():
            text = text.replace(f"{address}:80", f"127.0.0.1:{self.ports[name]}")
            # Peers come from one address here; that of strangers is 127.0.0.9.
            text = text.replace(f"allow {address};", "allow 127.0.0.1;")
        for ours, this in {
            ACME_PROGRAM: "cosyvoice-acme",
            ACME_SETTINGS: "acme.json",
            NGINX_PROGRAM: "cosyvoice-nginx",
            ACME_STATE: "acme",
            SECRET_FILE: "secret",
            ACME_AUTHORITY: "authority.pem",
            ACME_HOOK: "hook",
        }.items():
            text = text.replace(ours, str(self.folder / this))
        port = self.ports[self.name]
        text = text.replace("listen 80 ", f"listen 127.0.0.1:{port} ")
        # Its workers have to read what the tests' folders hold.
        text = text.replace("user www-data;", "user root;")
        return text.replace("for place in 443;", f"for place in {self.port};")

    def keep(self, word: str = "turn") -> subprocess.CompletedProcess[str]:
        """Once, as the timer does."""
        return subprocess.run(
            [str(self.keeper), word],
            capture_output=True,
            text=True,
            timeout=120,
            env={"PATH": "/usr/sbin:/usr/bin:/bin"},
            check=False,
        )

    def shown(self) -> x509.Certificate:
        """What a new client is shown."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with (
            socket.create_connection(("127.0.0.1", self.port), 30) as plain,
            context.wrap_socket(plain, server_hostname=NAME) as encrypted,
        ):
            return x509.load_der_x509_certificate(encrypted.getpeercert(True) or b"")

    def asked(self) -> bool:
        """It was this one that went to the authority."""
        return (self.folder / "acme" / "private" / "lego").exists()

    def has(self, days: float) -> None:
        """A good certificate with so many days left."""
        now = datetime.now(UTC) - timedelta(days=365 - days)
        self.certificate.write_text(issue(new_authority("earlier", now), [NAME], [], now).pem())
