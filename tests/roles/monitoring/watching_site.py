"""Two monitoring hosts and a director as they are rendered, on the programs that are installed
here, each at an address of its own of this machine's loopback."""

import configparser
import contextlib
import json
import re
import shlex
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx

from provisioning.model.inventory import Inventory
from provisioning.model.runtime import Runtime
from provisioning.places import (
    ALERT_RELAY_FOLDER,
    ALERT_RELAY_PROGRAM,
    ALERTMANAGER,
    BLACKBOX_EXPORTER,
    EXPECTED_METRICS,
    MONITORING_CONF,
    NODE_EXPORTER,
    PROMETHEUS,
)
from provisioning.resources.file import File
from provisioning.roles.desired import desired_hosts
from tests.ports import free_port

_DATA = "/var/lib/prometheus"
_QUICK = (
    # Seconds instead of minutes; what is waited for comes all the same.
    (r"(scrape|evaluation)_interval: 15s", r"\1_interval: 1s"),
    (r"scrape_timeout: 10s", "scrape_timeout: 1s"),
    (r"for: (30s|1m|2m)\b", "for: 1s"),
    (r"group_wait: 10s", "group_wait: 1s"),
    (r"group_interval: 1m", "group_interval: 1s"),
)


class _Posted(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        said = self.headers.get("Authorization", "")
        self.server.posted.append((self.path, said, json.loads(body)))  # type: ignore[attr-defined]
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextlib.contextmanager
def listener() -> Iterator[tuple[str, list[tuple[str, str, Any]]]]:
    """A webhook's URL, and what is posted to it: path, authorization and body."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Posted)
    server.posted = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", server.posted  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Site:
    """What runs, and where."""

    folder: Path
    inventory: Inventory
    running: dict[tuple[str, str], subprocess.Popen[bytes]] = field(default_factory=dict)

    def write(self, name: str) -> None:
        """The files of a host, below a folder of its own."""
        desired = desired_hosts(self.inventory, None, Runtime())[name]
        for resource in desired.resources:
            if isinstance(resource, File):
                path = self.folder / name / resource.path.lstrip("/")
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(self.local(name, resource.content), encoding="utf-8")

    def local(self, name: str, text: str) -> str:
        """The text with a host's folders in place of the system's, and in a hurry."""
        for folder in (MONITORING_CONF, ALERT_RELAY_FOLDER, ALERT_RELAY_PROGRAM, _DATA):
            text = text.replace(folder, f"{self.folder / name}{folder}")
        for pattern, other in _QUICK:
            text = re.sub(pattern, other, text)
        return text

    def start(self, name: str, program: str, *more: str) -> None:
        """Starts a program by its command line as Supervisor has it, with more words."""
        path = self.folder / name / f"etc/supervisor/conf.d/{program}.conf"
        read = configparser.RawConfigParser()
        read.read(path)
        words = [*shlex.split(read[f"program:{program}"]["command"]), *more]
        if program == PROMETHEUS:
            # What burnt before it knew of an Alertmanager would be told a minute later.
            words.append("--rules.alert.resend-delay=1s")
        if program == ALERTMANAGER:
            # Those of a mesh wait for each other's words, and the second for the first.
            words += ["--cluster.settle-timeout=1s", "--cluster.peer-timeout=1s"]
        (self.folder / name / "var/lib/prometheus/node-exporter").mkdir(parents=True, exist_ok=True)
        with (self.folder / f"{name}-{program}.log").open("ab") as log:
            self.running[name, program] = subprocess.Popen(words, stdout=log, stderr=log)

    def ask(self, query: str) -> list[dict[str, Any]]:
        """What Prometheus on mon1 has; nothing while it does not answer."""
        monitoring = self.inventory.monitoring
        assert monitoring is not None
        url = f"http://127.0.0.61:{monitoring.ports.prometheus}/api/v1/query"
        try:
            answer = httpx.get(url, params={"query": query}, trust_env=False)
        except httpx.TransportError:
            return []
        if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            # It listens before it has read what it keeps.
            return []
        found: list[dict[str, Any]] = answer.json()["data"]["result"]
        return found


@contextlib.contextmanager
def watching_site(folder: Path, secrets: Path, **monitoring: Any) -> Iterator[Site]:
    """The two Alertmanagers, a Prometheus, and the director's node exporter."""
    keys = ("prometheus", "alertmanager", "mesh", "blackbox", "host")
    inventory = Inventory.model_validate(
        {
            "vip": "127.0.0.100",
            "service_manager": "supervisor",
            "directors": {"hosts": {"lvs1": "127.0.0.11"}},
            "real_servers": {"hosts": {"rs1": "127.0.0.101"}},
            "services": [{"port": free_port()}],
            "app": {"secret": {"file": str(secrets)}},
            "monitoring": {
                "hosts": {"mon1": "127.0.0.61", "mon2": "127.0.0.62"},
                "ports": {key: free_port() for key in keys},
                **monitoring,
            },
        }
    )
    site = Site(folder, inventory)
    try:
        for name in ("lvs1", "mon1", "mon2"):
            site.write(name)
        expected = folder / "lvs1" / EXPECTED_METRICS.lstrip("/")
        state = expected.with_name("cosyvoice-keepalived.prom")
        state.write_text('keepalived_up 1\nkeepalived_vrrp_state{iname="VI_1"} 2\n')
        site.start("lvs1", NODE_EXPORTER)
        for program in (BLACKBOX_EXPORTER, ALERTMANAGER, PROMETHEUS):
            site.start("mon1", program)
        site.start("mon2", ALERTMANAGER)
        yield site
    finally:
        for process in site.running.values():
            process.kill()
        for process in site.running.values():
            process.wait()
