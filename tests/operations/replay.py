"""Hosts that answer what real ones once did, and the recorder that wrote it down.

A recording is made against a living cluster::

    python -m tests.operations.replay INVENTORY NAME

It holds, per host and fragment, the answers of one `verify` in their order.
"""

import json
import re
import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from provisioning.engine.fleet import Fleet
from provisioning.engine.frames import observations
from provisioning.model.cluster_record import ClusterRecord
from provisioning.model.inventory import Inventory
from provisioning.model.loader.load import read_inventory
from provisioning.operations.session import Site, open_fleet
from provisioning.operations.verify import verify
from provisioning.transport.base import Completed, Conversation, Transport, UnreachableError

RECORDED = Path(__file__).parent / "recorded"
INVENTORY = Inventory.model_validate(
    {
        "vip": "10.77.0.100",
        "interface": "vec0",
        "service_manager": "supervisor",
        "services": [{"scheduler": "rr", "persistence": None}],
        "directors": {"hosts": {"lvs1": "10.77.0.11", "lvs2": "10.77.0.12"}},
        "real_servers": {"hosts": {"rs1": "10.77.0.21", "rs2": "10.77.0.22", "rs3": "10.77.0.23"}},
        "storage": {"hosts": {"nas1": "10.77.0.31"}},
        "clients": {"hosts": {"client1": "10.77.0.50"}},
    }
)
"""What the recordings were made on."""

Answer = tuple[str, str, int]
"""Standard output, standard error, status."""
Recording = dict[str, dict[str, list[Answer]]]

_FRAME = re.compile(r"'(@[0-9a-f]+@)' (\S+) \$\?; printf")
_TOKEN = re.compile(r"(?<=\.cluster-verify-)[0-9a-f]{16}")


def frames(script: str | bytes) -> list[tuple[str, str]]:
    """Marker and key of every fragment of a script."""
    text = script.decode() if isinstance(script, bytes) else script
    return [(match[1], match[2]) for match in _FRAME.finditer(text)]


def token(script: str | bytes) -> str:
    """What makes this run's file names its own."""
    found = _TOKEN.search(script.decode() if isinstance(script, bytes) else script)
    return found[0] if found else "none"


class ReplayTransport:
    """A host that gives its recorded answers, the last one again when they run out."""

    def __init__(self, answers: dict[str, list[Answer]]) -> None:
        self._answers = {key: list(given) for key, given in answers.items()}

    def run(
        self,
        script: str | bytes,
        *,
        root: bool = True,
        timeout: float | None = None,
        on_stdout: Callable[[bytes], None] | None = None,
    ) -> Completed:
        stdout, stderr = "", ""
        for marker, key in frames(script):
            given = self._answers[key]
            out, err, status = given.pop(0) if len(given) > 1 else given[0]
            frame = f"\n{marker} {key} {status}\n"
            stdout += out.replace("TOKEN", token(script)) + frame
            stderr += err + frame
        return Completed(stdout.encode(), stderr.encode(), 0)

    def converse(self, script: str) -> Conversation:
        raise NotImplementedError("what is recorded only looks")

    def close(self) -> None:
        pass


def recording(name: str) -> Recording:
    """A recording that tests may change."""
    text = (RECORDED / f"{name}.json").read_text(encoding="utf-8")
    loaded: Recording = json.loads(text)
    return loaded


def backup() -> str:
    """The director that did not hold the VIP when ``healthy`` was recorded."""
    said = recording("healthy")["lvs1"]["vrrp_states"][0][0].strip()
    return "lvs1" if said == "BACKUP" else "lvs2"


def replay(answers: Recording) -> Fleet:
    """The recorded hosts; one that is not in the recording cannot be reached."""

    def connect(name: str) -> Transport:
        if name not in answers:
            raise UnreachableError(f"{name}: no answer within 10 s")
        return ReplayTransport(answers[name])

    return Fleet(connect, forks=4)


class RecordingTransport:
    """Passes everything on and keeps what was answered."""

    def __init__(self, inner: Transport, kept: dict[str, list[Answer]]) -> None:
        self._inner, self._kept = inner, kept

    def run(
        self,
        script: str | bytes,
        *,
        root: bool = True,
        timeout: float | None = None,
        on_stdout: Callable[[bytes], None] | None = None,
    ) -> Completed:
        completed = self._inner.run(script, root=root, timeout=timeout, on_stdout=on_stdout)
        marker = frames(script)[0][0]
        for key, seen in observations(completed.stdout, completed.stderr, marker).items():
            stdout = seen.stdout.replace(token(script), "TOKEN")
            self._kept[key].append((stdout, seen.stderr, seen.status))
        return completed

    def converse(self, script: str) -> Conversation:
        return self._inner.converse(script)

    def close(self) -> None:
        self._inner.close()


def record(inventory: Inventory, path: Path) -> Recording:
    """Runs `verify` and keeps every answer of every host."""
    kept: dict[str, dict[str, list[Answer]]] = defaultdict(lambda: defaultdict(list))
    with open_fleet(Site(inventory, path)) as fleet:
        hosts = [*inventory.directors.hosts, *inventory.real_servers.hosts]
        hosts += [*(inventory.storage.hosts if inventory.storage else ()), *inventory.clients.hosts]
        fleet.connect(hosts)
        for name, transport in fleet.transports.items():
            fleet.transports[name] = RecordingTransport(transport, kept[name])
        for check in verify(inventory, fleet, ClusterRecord()):
            print(check.ok, check.name, "--", check.evidence)
    return kept


if __name__ == "__main__":
    inventory_path = Path(sys.argv[1])
    made = record(read_inventory(inventory_path).inventory, inventory_path)
    target = RECORDED / f"{sys.argv[2]}.json"
    target.write_text(json.dumps(made, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
