"""Hosts of an inventory, each of which is a folder of this machine."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from provisioning.engine.apply import apply_plan
from provisioning.engine.observe import observe_and_plan
from provisioning.engine.progress import silent
from provisioning.model.ssh import Connection
from provisioning.roles.desired import DesiredHost
from provisioning.transport.base import UnreachableError
from tests.engine.sandbox import SandboxTransport

OPT = "/opt/cosyvoice"


class SandboxHost(SandboxTransport):
    """A host whose scripts find its own folder where ``OPT`` would be, its app on loopback, and
    no Supervisor."""

    def __init__(self, folder: Path, port: int) -> None:
        self.opt = folder / "opt"
        self.opt.mkdir(parents=True, exist_ok=True)
        super().__init__(folder)
        self._port = port

    def here(self, text: str) -> str:
        text = text.replace(OPT, str(self.opt)).replace("/run/supervisor.sock", "/nowhere")
        for address in ("192.168.1.100", "192.168.1.101", "192.168.1.102", "192.168.1.103"):
            text = text.replace(f"http://{address}:7860", f"http://127.0.0.1:{self._port}")
        return super().here(text)

    def make(self, host: DesiredHost) -> None:
        """Makes the host so, as a deploy would."""
        plan, _ = observe_and_plan(
            host.name, self, host.requirements, host.resources, {}, partial=host.partial
        )
        result = apply_plan(plan, self, run_id="made", holder="test", progress=silent)
        assert result.outcome in ("changed", "unchanged"), result.message


class Network:
    """Hosts by name; those in ``down`` cannot be reached."""

    def __init__(self, hosts: Mapping[str, SandboxHost]) -> None:
        self.hosts = dict(hosts)
        self.down: set[str] = set()

    def connect(self, name: str, connection: Connection, **more: object) -> SandboxHost:
        """In place of a login over SSH."""
        if name in self.down or name not in self.hosts:
            raise UnreachableError(f"{name}: nobody answers")
        return self.hosts[name]


@contextmanager
def ready_app() -> Iterator[int]:
    """Something on loopback that says it is ready, whatever it is asked; its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()
