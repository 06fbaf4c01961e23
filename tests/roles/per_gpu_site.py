"""A real server with a node a card, as it is rendered, under a supervisord of the test's own: the
app itself under Gunicorn, on loopback, behind an edge's Nginx."""

import asyncio
import contextlib
import errno
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from provisioning.model.derived.nodes import Node, all_nodes
from provisioning.model.inventory import Inventory
from provisioning.model.runtime import Runtime
from provisioning.model.secrets.shared_secret import SharedSecret
from provisioning.resources.directory import Directory
from provisioning.resources.file import File
from provisioning.roles.desired import desired_hosts
from tests.app.node_process import unpack
from tests.resources.private_supervisor import PrivateSupervisor
from tests.roles.edge_site import Site, until

_HOST = "rs1"
_SECRET = "s" * 43


def cluster(folder: Path) -> Inventory:
    """One real server with two cards, two jobs at a time on each."""
    return Inventory.model_validate(
        {
            "vip": "192.168.1.100",
            "service_manager": "supervisor",
            "directors": {"hosts": {"lvs1": "192.168.1.11"}},
            "real_servers": {"gpus": 2, "hosts": {_HOST: "192.168.1.101"}},
            "edges": {"vip": "192.168.1.110", "hosts": {"edge1": "192.168.1.51"}},
            "services": [{"name": "gpu0", "port": 13000}, {"name": "gpu1", "port": 13001}],
            "app": {
                "server": "gunicorn",
                "per_gpu": True,
                "first_port": 13000,
                "user": "root",
                "python": sys.executable,
                "directory": str(folder / "opt"),
                "engine": {"name": "espeak", "jobs_per_gpu": 2},
            },
        }
    )


class PerGpuSite(Site):
    """The edge, and the nodes behind it."""

    def __init__(self, folder: Path) -> None:
        self.host = folder
        super().__init__(cluster(folder))
        # Not stand-ins.
        self.nodes = []
        self.supervisor = PrivateSupervisor(folder)
        self.each: list[Node] = list(all_nodes(self.inventory))
        self._unpack()

    def _unpack(self) -> None:
        release = unpack(self.host / "opt")
        (self.host / "opt" / "current").symlink_to(release)
        wanted = desired_hosts(self.inventory, None, Runtime(), SharedSecret(_SECRET))[
            _HOST
        ].resources
        # What has no place of the test's own (kernel settings, the virtual IP) is for others to
        # test, and must not land on this machine.
        for one in wanted:
            path = Path(self.moved(getattr(one, "path", "/")))
            if not path.is_relative_to(self.host):
                continue
            if isinstance(one, Directory):
                path.mkdir(parents=True, exist_ok=True, mode=one.mode)
            elif isinstance(one, File):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(self.moved(one.content), encoding="utf-8")
                path.chmod(one.mode)

    def moved(self, text: str) -> str:
        """The text with its places below the test's folder, on loopback."""
        text = self._here(text)
        for node, port in zip(all_nodes(self.inventory), self.ports, strict=True):
            text = text.replace(f'COSYVOICE_PORT="{node.port}"', f'COSYVOICE_PORT="{port}"')
        for theirs in ("/etc/cosyvoice", "/var/log/cosyvoice", "/var/lib/cosyvoice"):
            text = text.replace(theirs, f"{self.host}{theirs}")
        text = text.replace("/etc/supervisor/conf.d", str(self.host / "conf.d"))
        # The one address that every machine has.
        return text.replace("192.168.1.100", "127.0.0.1").replace(
            "--host 0.0.0.0", "--host 127.0.0.1"
        )

    def supervised(self, node: Node) -> tuple[str, int]:
        """State and process of a node, by Supervisor's own command line."""
        done = subprocess.run(
            ["supervisorctl", "-s", f"unix://{self.supervisor.socket}", "status", node.service],
            capture_output=True,
            text=True,
            check=False,
        )
        words = done.stdout.split()
        return words[1], int(words[3].rstrip(",")) if words[1] == "RUNNING" else 0

    def environment(self, pid: int) -> dict[str, str]:
        """Variables that a process was started with."""
        words = Path(f"/proc/{pid}/environ").read_text().split("\0")
        return dict(word.split("=", 1) for word in words if "=" in word)

    def refuses(self, node: Node) -> bool:
        """Tell whether nobody listens at the node's port."""
        with socket.socket() as client:
            port = self.ports[self.each.index(node)]
            return client.connect_ex(("127.0.0.1", port)) == errno.ECONNREFUSED

    def log_of(self, node: Node) -> str:
        return Path(self.moved(node.log)).read_text(encoding="utf-8")

    def out(self, node: Node) -> bool:
        """Tell whether the edge sends the node nothing."""
        return (self.run / f"out-{node.name}").exists()


@contextlib.asynccontextmanager
async def serving_per_gpu(folder: Path) -> AsyncIterator[PerGpuSite]:
    """All of it serves, and the edge knows."""
    site = PerGpuSite(folder)
    program = None
    try:
        site.supervisor.start()
        await site.start()
        program = subprocess.Popen(["python3", "-I", str(site.program), str(site.nodes_file)])
        await until(lambda: all(site.out(node) for node in site.each), 60)
        await until(lambda: not any(site.out(node) for node in site.each), 120)
        yield site
    finally:
        if program is not None:
            program.terminate()
            await asyncio.to_thread(program.wait, 30)
        await asyncio.to_thread(site.supervisor.stop)
        await site.stop()
