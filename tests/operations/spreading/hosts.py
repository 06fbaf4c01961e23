"""Hosts of this machine, each with an address and a folder of its own, that contents go to."""

import hashlib
import json
from base64 import b64decode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from provisioning.engine.fleet import Fleet
from provisioning.engine.progress import Event
from provisioning.model.spreading import Spreading
from provisioning.operations.cluster.cluster import Cluster
from provisioning.operations.spreading.content import Content
from provisioning.operations.spreading.real_servers import real_servers
from provisioning.operations.spreading.spreading import Hosts, spread
from provisioning.transport.base import Conversation
from provisioning.transport.conversation import ProcessConversation
from tests.engine.sandbox import SandboxTransport

PLACE = "/srv/contents"
Watch = Callable[[int], None]


def on_loopback(cluster: Cluster) -> Hosts:
    """The cluster's real servers, each with an address of this machine."""
    hosts = real_servers(cluster)
    addresses = {name: f"127.0.8.{number}" for number, name in enumerate(hosts.addresses, 1)}
    return replace(hosts, addresses=addresses)


class Counted:
    """A conversation in which the bytes that go to the host are counted."""

    def __init__(self, real: ProcessConversation, watch: Watch) -> None:
        self._real, self._watch = real, watch
        self.sent = 0
        self.setup: dict[str, str] = {}

    def ask(self, line: str, timeout: float) -> str:
        if line.startswith("{"):
            self.setup = json.loads(line)
        elif not line.startswith(("[", ".")):
            self.sent += len(b64decode(line))
            self._watch(self.sent)
        return self._real.ask(line, timeout)

    def answer(self, timeout: float) -> str:
        return self._real.answer(timeout)

    def close(self) -> None:
        self._real.close()

    def kill(self) -> None:
        """Lose the host."""
        self._real._process.kill()


class FolderHost(SandboxTransport):
    """A host that is a folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.folder = folder / "srv"
        self.folder.mkdir(parents=True)
        self.conversation: Counted | None = None
        self.watch: Watch = lambda sent: None
        """Called with the bytes so far, before each piece that goes to it from here."""

    def here(self, text: str) -> str:
        return super().here(text).replace(PLACE, str(self.folder))

    def converse(self, script: str) -> Conversation:  # type: ignore[override]
        self.conversation = Counted(super().converse(script), lambda sent: self.watch(sent))
        return self.conversation

    @property
    def sent(self) -> int:
        """Bytes that went to it from here."""
        return self.conversation.sent if self.conversation else 0


@dataclass
class Site:
    """A row of hosts."""

    folder: Path
    port: int
    hosts: dict[str, FolderHost] = field(default_factory=dict)
    contents: list[Content] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    rate: int = 1000
    listens: bool = True

    def __post_init__(self) -> None:
        for number in range(1, 5):
            self.hosts[f"n{number}"] = FolderHost(self.folder / f"n{number}")

    def content(self, name: str, data: bytes) -> Content:
        path = self.folder / name
        path.write_bytes(data)
        sha256 = hashlib.sha256(data).hexdigest()
        one = Content(path, f"here/{name}", f"coming/{name}", sha256, len(data))
        self.contents.append(one)
        return one

    def spread(self, names: Sequence[str], helpers: Sequence[str] = ()) -> Fleet:
        """Spread to these; the fleet has whoever was lost."""
        for host in self.hosts.values():
            host.conversation = None
        fleet = Fleet(self.hosts.__getitem__, forks=2)
        fleet.connect([*names, *helpers])
        port = self.port if self.listens else None
        how = Spreading(port=port, megabytes_per_second=self.rate)
        addresses = {name: f"127.0.7.{number}" for number, name in enumerate(self.hosts, 1)}
        hosts = Hosts(directory=PLACE, python="/usr/bin/python3", addresses=addresses, how=how)
        spread(fleet, hosts, names, self.contents, self.events.append, helpers=helpers)
        return fleet

    def has_all(self, name: str) -> bool:
        folder = self.hosts[name].folder
        return all(
            (folder / one.place).is_file()
            and (folder / one.place).read_bytes() == one.source.read_bytes()
            for one in self.contents
        )

    @property
    def sent(self) -> dict[str, int]:
        """Bytes that went to each from here."""
        return {name: host.sent for name, host in self.hosts.items() if host.sent}
