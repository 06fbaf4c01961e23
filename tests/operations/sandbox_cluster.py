"""A cluster of folders on this machine: each host runs the real scripts, on files of its own, with
programs that pretend. A director's kernel has what its keepalived.conf says."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from provisioning.engine.apply import apply_plan
from provisioning.engine.fleet import Fleet
from provisioning.engine.observe import observe_and_plan
from provisioning.engine.progress import silent
from provisioning.engine.seat import RUN_LOCK
from provisioning.model.inventory import Inventory
from provisioning.operations.cluster.cluster import Cluster
from provisioning.places import KEEPALIVED_CONF, STATE
from provisioning.resources.file import File
from provisioning.roles.desired import desired_hosts
from provisioning.roles.real_server.app import drain_flag
from provisioning.transport.base import Completed, Transport, UnreachableError
from provisioning.transport.conversation import ProcessConversation
from provisioning.transport.shell_start import shell_start

_PATHS = (STATE, RUN_LOCK, "/etc/keepalived", "/etc/cosyvoice")
"""Paths that a host has for itself."""
_PROGRAMS = {
    "keepalived": ":",
    "systemctl": """case $1 in
show) printf 'LoadState=loaded\\nActiveState=active\\nMainPID=1\\nUnitFileState=enabled\\n' ;;
*) echo "$*" >> "$ROOT/systemctl" ;;
esac""",
    "ip": """cat "$ROOT/addresses" """,
    "ipvsadm": """awk -v actives="$(cat "$ROOT/active" 2>/dev/null)" '
$1 == "virtual_server" { print "TCP " $2 ":" $3 " rr" }
$1 == "real_server" { place = $2 ":" $3 }
$1 == "weight" && place { print "  -> " place " Route " $2 " " actives + 0 " 0"; place = "" }
' "$ROOT/etc/keepalived/keepalived.conf" """,
    "sleep": ":",
}


HOLDS_VIP = """[{"ifname": "eth0", "addr_info": [{"local": "127.0.0.100", "prefixlen": 32}]}]"""
"""Addresses of the director that holds the VIP, as iproute2 prints them."""


class SandboxHost:
    """One host: a folder that stands for its root."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "bin").mkdir(parents=True)
        for folder in ("etc/keepalived", "etc/cosyvoice", "var/lib", "run"):
            (root / folder).mkdir(parents=True)
        (root / "addresses").write_text("[]")
        for name, script in _PROGRAMS.items():
            path = root / "bin" / name
            path.write_text(f"#!/bin/sh\nROOT='{root}'\n{script}\n")
            path.chmod(0o755)

    def run(
        self,
        script: str | bytes,
        *,
        root: bool = True,
        timeout: float | None = None,
        on_stdout: Callable[[bytes], None] | None = None,
    ) -> Completed:
        text = script.decode() if isinstance(script, bytes) else script
        text = self._here(text)
        done = subprocess.run(["sh", "-s"], input=text.encode(), capture_output=True, check=False)
        said = done.stdout
        for path in _PATHS:
            said = said.replace(f"{self.root}{path}".encode(), path.encode())
        if on_stdout:
            on_stdout(said)
        return Completed(said, done.stderr, done.returncode)

    def converse(self, script: str) -> ProcessConversation:
        conversation = ProcessConversation(self.root.name, shell_start(converses=True))
        conversation.start(self._here(script))
        return conversation

    def close(self) -> None:
        pass

    def _here(self, text: str) -> str:
        text = text.replace("PATH=/usr/local/sbin:", f"PATH={self.root}/bin:/usr/local/sbin:")
        for path in _PATHS:
            text = text.replace(path, f"{self.root}{path}")
        return text


class SandboxCluster:
    """Two directors and two real servers; the app of the latter listens on 127.0.0.1 and .2."""

    def __init__(self, folder: Path, port: int) -> None:
        self.inventory = Inventory.model_validate(
            {
                "vip": "127.0.0.100",
                "interface": "lo",
                "ipvs": {"sync_daemon": None},
                "services": [{"port": port, "scheduler": "rr", "persistence": None}],
                "directors": {"hosts": {"lvs1": "127.0.0.11", "lvs2": "127.0.0.12"}},
                "real_servers": {"hosts": {"rs1": "127.0.0.1", "rs2": "127.0.0.2"}},
                "app": {"python": sys.executable},
            }
        )
        path = folder / "inventory.yaml"
        path.write_text("name: sandbox\n")
        self.cluster = Cluster(self.inventory, path)
        names = (*self.inventory.directors.hosts, *self.inventory.real_servers.hosts)
        self.hosts = {name: SandboxHost(folder / name) for name in names}
        (self.hosts["lvs1"].root / "addresses").write_text(HOLDS_VIP)
        self.gone: set[str] = set()
        self.jobs = 0
        self.sound = b""
        """What the apps say."""

    def deploy(self) -> None:
        """As far as a drain is concerned."""
        runtime = self.cluster.runtime
        desired = desired_hosts(self.inventory, None, runtime)
        for name, host in self.hosts.items():
            ours = tuple(
                one
                for one in desired[name].resources
                if isinstance(one, File) and one.path == KEEPALIVED_CONF
            )
            ours = ours or (drain_flag(runtime, name),)  # type: ignore[assignment]
            plan, _ = observe_and_plan(name, host, (), ours, {})
            if not plan.changes:
                (host.root / "var/lib/cosyvoice-cluster").mkdir()
                (host.root / "var/lib/cosyvoice-cluster/manifest").write_text("mark:x\n\t:\n")
            assert apply_plan(plan, host, run_id="r0", holder="me", progress=silent).ok

    def fleet(self) -> Fleet:
        def connect(name: str) -> Transport:
            if name in self.gone:
                raise UnreachableError(f"{name}: no answer within 10 s")
            return self.hosts[name]

        return Fleet(connect, forks=4)

    def mark(self, name: str) -> Path:
        return self.hosts[name].root / "etc/cosyvoice/drain"

    def reloads(self, director: str) -> int:
        log = self.hosts[director].root / "systemctl"
        return log.read_text().count("reload --") if log.exists() else 0

    def said(self, name: str) -> dict[str, object]:
        draining = self.mark(name).exists()
        return {
            "node": name,
            "version": "1",
            "draining": draining,
            "reason": "draining" if draining else "",
            "jobs": {"running": self.jobs, "waiting": 0},
        }


@contextmanager
def sandbox_cluster(folder: Path) -> Iterator[SandboxCluster]:
    """The cluster with its apps for the time of the block."""
    made: list[SandboxCluster] = []

    class App(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            own = self.connection.getsockname()[0]
            body = json.dumps(made[0].said("rs1" if own == "127.0.0.1" else "rs2")).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", str(len(made[0].sound)))
            self.end_headers()
            self.wfile.write(made[0].sound)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("0.0.0.0", 0), App) as server:
        made.append(SandboxCluster(folder, server.server_address[1]))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield made[0]
        server.shutdown()
