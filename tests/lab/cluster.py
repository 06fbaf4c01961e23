"""The command line, run against the lab the way an operator runs it."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from provisioning.lab.running import Lab

Change = Callable[[dict[str, Any]], None]
CLUSTER = [sys.executable, "-m", "provisioning"]


@dataclass
class Cluster:
    """The lab's machines and an inventory for them that tests may vary."""

    lab: Lab
    folder: Path
    changes: list[Change] = field(default_factory=list)

    @property
    def inventory(self) -> Path:
        return self.folder / "inventory.yaml"

    def write(self, *changes: Change) -> None:
        """Writes the lab's inventory with these changes made to it."""
        content = yaml.safe_load(self.lab.inventory.read_text())
        for change in changes:
            change(content)
        self.inventory.write_text(yaml.safe_dump(content, allow_unicode=True))

    def run(self, *words: str, timeout: float = 600) -> subprocess.CompletedProcess[str]:
        """`cluster WORDS`, with the inventory; its output is shown when a test fails."""
        done = subprocess.run(
            [*CLUSTER, *self._with_inventory(words)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        print(f"$ cluster {' '.join(words)}\n{done.stdout}{done.stderr}[{done.returncode}]")
        return done

    def start(self, *words: str) -> subprocess.Popen[str]:
        """`cluster WORDS` in the background, with its output to read."""
        return subprocess.Popen(
            [*CLUSTER, *self._with_inventory(words)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def _with_inventory(self, words: tuple[str, ...]) -> list[str]:
        # Options stand behind a group's own command.
        own = 2 if words[0] in ("artifacts", "certificates") else 1
        return [*words[:own], "-i", str(self.inventory), *words[own:]]

    def json(self, *words: str) -> Any:
        """JSON that `cluster WORDS --json` prints."""
        return json.loads(self.run(*words, "--json").stdout)

    def on(self, host: str, command: str) -> str:
        """Output of a root shell on a machine; the command must succeed."""
        done = self.lab.exec(host, ["sudo", "sh", "-c", command])
        assert done.returncode == 0, f"{host}: {command}: {done.stderr or done.stdout}"
        return done.stdout

    def from_client(self, *argv: str) -> subprocess.CompletedProcess[str]:
        """Runs a command at the client's place."""
        return self.lab.client_exec(argv)

    def nodes_that_answer(self, requests: int) -> Counter[str]:
        """Number of answers of each node, each request on a connection of its own."""
        url = f"http://{self.lab.topology.lan.vip}:7860/healthz"
        loop = f"for i in $(seq {requests}); do curl -sS --max-time 30 {url}; echo; done"
        done = self.from_client("sh", "-c", loop)
        assert done.returncode == 0, done.stderr
        return Counter(json.loads(line)["node"] for line in done.stdout.splitlines() if line)

    def master(self) -> str:
        """The director that holds the VIP."""
        vip = str(self.lab.topology.lan.vip)
        holders = [
            name
            for name in ("lvs1", "lvs2")
            if f" {vip}/" in self.on(name, "ip -o -4 address show")
        ]
        assert len(holders) == 1, f"{holders} hold the VIP"
        return holders[0]

    def weights(self, director: str) -> dict[str, int]:
        """Real servers in a director's kernel table, by address, with their weights."""
        found = {}
        for line in self.on(director, "ipvsadm -Ln").splitlines():
            words = line.split()
            if words[:1] == ["->"] and ":" in words[1] and words[1][0].isdigit():
                found[words[1].partition(":")[0]] = int(words[3])
        return found
