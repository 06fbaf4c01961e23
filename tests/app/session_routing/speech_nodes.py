"""Three speech nodes that share a folder, behind a round robin of connections."""

import contextlib
import signal
import time
from collections.abc import Iterable
from pathlib import Path

from tests.app.node_process import NodeProcess, running
from tests.app.session_routing.cluster import RoundRobin

NAMES = ("rs1", "rs2", "rs3")
_SAID = {
    "is there": True,
    "is there, not ready": False,
    "takes new sessions": True,
    "takes no new sessions": False,
}
"""By a node's log, whether a peer takes new sessions."""


class SpeechNodes:
    """Start them within a `with`. `url` is the balancer's."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.nodes: dict[str, NodeProcess] = {}
        self._folder = folder
        self._arguments = arguments
        self._stack = contextlib.ExitStack()
        self._secret, self._peers = folder / "secret", folder / "peers"
        self._secret.touch(0o600)
        self._secret.write_text("0123456789abcdef0123456789abcdef\n")
        self._peers.touch()

    def __enter__(self) -> "SpeechNodes":
        with contextlib.ExitStack() as stack:
            stack.push(self._stack)
            for name in NAMES:
                self.start(name)
            for name in NAMES:
                self.nodes[name].wait_ready()
            self.balancer = RoundRobin([])
            self.url = f"http://127.0.0.1:{self.balancer.port}"
            self._stack.callback(self.balancer.close)
            self.introduce()
            self.send_to(*NAMES)
            stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def outputs(self) -> Path:
        return self._folder / "outputs"

    def start(self, name: str, *arguments: str) -> NodeProcess:
        """Without waiting for it to be ready; `introduce` makes it known."""
        self._clock_file(name).touch()
        node = self._stack.enter_context(
            running(
                self._folder,
                "--enable-queue",
                f"--node-name={name}",
                f"--peers-file={self._peers}",
                f"--cluster-secret-file={self._secret}",
                f"--drain-file={self._drain_file(name)}",
                *self._arguments,
                *arguments,
                STATE_DIRECTORY=str(self._folder / f"state-{name}"),
                CLOCK_FILE=str(self._clock_file(name)),
            )
        )
        self.nodes[name] = node
        return node

    def introduce(self) -> None:
        """Write the file of peers, and wait until all that run have heard of all that run."""
        living = self.living
        seen = {name: len(self.nodes[name].raw) for name in living}
        draft = self._peers.with_suffix(".new")
        draft.write_text("".join(f"{name} {self.nodes[name].url}\n" for name in living))
        draft.replace(self._peers)
        for name in living:
            node, since = self.nodes[name], seen[name]
            node.wait_until(
                lambda node=node, since=since: any('"peers: ' in line for line in node.raw[since:])
            )
        self.agree()

    def send_to(self, *names: str) -> None:
        """Send new connections to these nodes only."""
        self.balancer.ports = [int(self.nodes[name].url.rpartition(":")[2]) for name in names]

    def drain(self, names: Iterable[str]) -> None:
        """These take no new sessions, all others do; returns when all nodes know."""
        for name in NAMES:
            if name in names:
                self._drain_file(name).touch()
            else:
                self._drain_file(name).unlink(missing_ok=True)
        self.agree()

    def agree(self) -> None:
        """Returns when all that run know of all others whether these take new sessions."""
        for name in self.living:
            for peer in self.living:
                if peer != name:
                    wanted = not self._drain_file(peer).exists()
                    self.nodes[name].wait_until(
                        lambda name=name, peer=peer, wanted=wanted: (
                            _takes_sessions(self.nodes[name], peer) is wanted
                        ),
                        60,
                    )

    def set_clock(self, name: str, ahead: float) -> None:
        """Have a node's clock show so many seconds more than the machine's, at once."""
        draft = self._clock_file(name).with_suffix(".new")
        draft.write_text(f"{ahead}\n")
        draft.replace(self._clock_file(name))

    def kill(self, name: str) -> None:
        self.nodes[name].process.send_signal(signal.SIGKILL)
        self.nodes[name].process.wait(60)

    @property
    def living(self) -> list[str]:
        return [name for name, node in self.nodes.items() if node.process.poll() is None]

    def busy(self) -> list[str]:
        """Nodes that work on something."""
        return [name for name in self.living if self.nodes[name].status()["jobs"]["running"]]

    def owner_at_work(self) -> str:
        """The node that works, once there is one."""
        end = time.monotonic() + 60
        while not (names := self.busy()):
            assert time.monotonic() < end, "nothing is being worked on"
            time.sleep(0.1)
        return names[0]

    def _clock_file(self, name: str) -> Path:
        return self._folder / f"clock-{name}"

    def _drain_file(self, name: str) -> Path:
        return self._folder / f"drain-{name}"


def _takes_sessions(node: NodeProcess, peer: str) -> bool | None:
    """As the node has said last of the peer; nothing where that is gone."""
    for line in reversed(node.lines):
        message = str(line.get("message", ""))
        if message.startswith(f"peer {peer} ") and "anew" not in message:
            return _SAID.get(message.removeprefix(f"peer {peer} "))
    return None
