"""A cluster of one real node: the app as a process that a supervisord of the test's own keeps
running, changed by real scripts in a real sh. Only the directors are fake."""

import json
import shlex
import sys
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import yaml

from benchmarks.rolling_upgrade.releases import write_release
from provisioning.engine.fleet import Fleet
from provisioning.engine.journal import Journal
from provisioning.model.inventory import Inventory
from provisioning.model.runtime import Runtime
from provisioning.operations.cluster.cluster import Cluster
from provisioning.operations.release import build_release
from provisioning.operations.rolling.errors import ActionError
from provisioning.operations.rolling.snapshot import ClusterSnapshot, ServiceSnapshot
from provisioning.operations.rolling_upgrade import state_file
from provisioning.operations.rolling_upgrade.options import UpgradeOptions
from provisioning.operations.rolling_upgrade.runner import Runner
from provisioning.operations.rolling_upgrade.ssh.cluster import SSHCluster
from provisioning.operations.rolling_upgrade.state import Node, Upgrade
from provisioning.operations.run.run import Run
from provisioning.resources.file import File
from provisioning.resources.supervisor import SOCKET
from provisioning.roles.desired import desired_hosts
from tests.engine.sandbox import SandboxTransport
from tests.operations.operating import operation
from tests.operations.rolling_upgrade.fake_cluster import EventRecorder
from tests.resources.private_supervisor import PrivateSupervisor

_LOG = "/var/log/cosyvoice/app.log"


class Host(SandboxTransport):
    """This machine, with what scripts touch in a folder."""

    def __init__(self, folder: Path, supervisor: PrivateSupervisor, log: Path) -> None:
        super().__init__(folder)
        self._places = {SOCKET: supervisor.socket, _LOG: str(log)}

    def start(self, script: str | bytes) -> Any:
        text = script.decode() if isinstance(script, bytes) else script
        for place, ours in self._places.items():
            text = text.replace(place, ours)
        return super().start(text)


@dataclass(slots=True, kw_only=True)
class OneFakeDirector(SSHCluster):
    """The hands on a node, with directors that do as they are told."""

    mark: Path
    weight: int = 100
    weights: list[int] = field(default_factory=list)

    def look(self, at_most: float = 0.0) -> ClusterSnapshot:
        nodes = {"rs1": replace(self.seen().nodes["rs1"], ready=bool(self.weight))}
        peer = replace(nodes["rs1"], ready=True, release="0-peer", slots=8, places=8)
        weights = {"rs1": self.weight, "peer": 100}
        return ClusterSnapshot(
            (ServiceSnapshot("web", 1, weights),), {**nodes, "peer": peer}, ("lvs1",)
        )

    def seen(self) -> ClusterSnapshot:
        # Without zero arguments: a class with slots is made anew by its decorator.
        return SSHCluster.look(self)

    def drain(self, host: str, reason: str) -> None:
        self._weigh(0)
        self.mark.write_text(reason)

    def settle(self, host: str) -> None: ...

    def undrain(self, host: str, percent: int = 100) -> None:
        self.mark.unlink(missing_ok=True)
        if not self.metrics(host).ready:
            raise ActionError("not ready")
        self._weigh(percent)

    def metrics(self, host: str) -> Any:
        if host == "peer":
            raise ActionError("fake")
        return SSHCluster.metrics(self, host)

    def _weigh(self, weight: int) -> None:
        self.weight = weight
        self.weights.append(weight)


class OneNode:
    """The node and those who upgrade it."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        (folder / "supervisor").mkdir()
        self.supervisor = PrivateSupervisor(folder / "supervisor")
        self.log = folder / "app.log"
        self.mark = folder / "drain"
        self.app = folder / "opt"
        self.url = f"http://127.0.0.1:{port}"
        self.source("1.0")
        self.inventory = self._inventory()
        self._write_program()
        self.fleet = Fleet(lambda name: Host(folder, self.supervisor, self.log), forks=1)

    def source(self, version: str, faults: dict[str, str] | None = None) -> None:
        """The app as a folder of source, named as its version."""
        write_release(self.folder, version, faults)

    def first(self) -> None:
        """The first release is on the node and runs."""
        self.app.mkdir()
        cluster = self.cluster("1.0")
        cluster.stage("rs1")
        current = self.app / "current"
        current.symlink_to(f"releases/{cluster.target}")
        self.supervisor.start()
        cluster.start("rs1")
        end = time.monotonic() + 120
        while reason := cluster.warming("rs1"):
            assert time.monotonic() < end, reason
            time.sleep(0.2)

    def cluster(self, source: str, **options: Any) -> OneFakeDirector:
        """Those that bring the release made from a folder."""
        app = self.inventory.app.model_copy(update={"source": str(self.folder / source)})
        release = build_release(app, self.folder)
        return OneFakeDirector(
            op=operation(
                Cluster(self.inventory, self.folder / "inventory.yaml"),
                self.fleet,
                Run("test", "tester", Journal(self.folder / "history", "test"), None),
            ),
            options=UpgradeOptions(**options),
            target=release.id,
            release=release,
            own=False,
            mark=self.mark,
        )

    def upgrade(
        self, source: str, recorder: EventRecorder | None = None, **options: Any
    ) -> Upgrade:
        """A run to its end."""
        cluster = self.cluster(source, **options)
        old = (self.app / "current").readlink().name
        node = Node("rs1", "real_server", 1, old, canary=True)
        upgrade = Upgrade("run", cluster.target, {"to": ""}, cluster.options, (node,), "now")
        return Runner(
            state=upgrade,
            cluster=cluster,
            folder=self.folder / "state",
            pause=state_file.pause_request(self.folder / "state"),
            watch=recorder or EventRecorder(),
        ).run()

    def running(self) -> str:
        """Version of what answers."""
        url = f"{self.url}/cluster/status"
        found: str = httpx.get(url, trust_env=False, timeout=60).json()["version"]
        return found

    def speak(self, text: str = "hello", timeout: float = 60) -> httpx.Response:
        """A client at the node itself."""
        body = {"model": "tts-1", "input": text, "response_format": "wav", "stream": False}
        url = f"{self.url}/v1/audio/speech"
        return httpx.post(url, json=body, timeout=timeout, trust_env=False)

    def events(self) -> list[dict[str, Any]]:
        """The journal's lines."""
        lines = (self.folder / "history" / "test.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]

    def close(self) -> None:
        self.fleet.close()
        self.supervisor.stop()

    def _inventory(self) -> Inventory:
        content = {
            "vip": "127.0.0.2/8",
            "interface": "lo",
            "service_manager": "supervisor",
            "services": [{"name": "web", "port": self.port, "persistence": None}],
            "directors": {"hosts": {"lvs1": "127.0.0.11"}},
            "real_servers": {"hosts": {"rs1": {"address": "127.0.0.1", "weight": 100}}},
            "app": {
                "source": str(self.folder / "1.0"),
                "directory": str(self.app),
                "python": sys.executable,
                # Other accounts need not be able to read the folder of these tests.
                "user": "root",
            },
        }
        path = self.folder / "inventory.yaml"
        path.write_text(yaml.safe_dump(content))
        # Not as a file: loopback is no cluster's network.
        return Inventory.model_validate(content)

    def _write_program(self) -> None:
        environment = {
            "COSYVOICE_NODE_NAME": "rs1",
            "COSYVOICE_ENGINE": "espeak",
            "COSYVOICE_OUTPUT_DIR": str(self.folder / "outputs"),
            "COSYVOICE_SPOOL_DIR": str(self.folder / "spool"),
            "COSYVOICE_DRAIN_FILE": str(self.mark),
            "PYTHONPATH": "",
        }
        words = " ".join(f"{key}={shlex.quote(value)}" for key, value in environment.items())
        (script,) = (
            resource.content
            for resource in desired_hosts(self.inventory, None, Runtime())["rs1"].resources
            if isinstance(resource, File) and resource.path.endswith("/run.sh")
        )
        run = self.folder / "run.sh"
        run.write_text(script, encoding="utf-8")
        self.supervisor.write(
            "cosyvoice",
            f"exec env {words} sh {run}",
            "autostart=false",
            "autorestart=true",
            "stopwaitsecs=60",
            "killasgroup=true",
            "redirect_stderr=true",
            f"stdout_logfile={self.log}",
            startsecs=2,
        )
