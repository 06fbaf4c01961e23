"""Nodes that know of each other, one worker each, and jobs that keep a worker busy."""

import contextlib
import itertools
import os
import signal
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import httpx

from tests.app.held import Held
from tests.app.node_process import NodeProcess, running

SECRET = b"0123456789abcdef0123456789abcdef"


class Cluster:
    """Nodes by name, and clients that wait for them."""

    def __init__(self, nodes: dict[str, NodeProcess], folder: Path) -> None:
        self.nodes = nodes
        self.folder = folder
        self.clients = ThreadPoolExecutor(48)
        self._numbers = itertools.count(1)

    def say(self, name: str, text: str, **body: object) -> Future[httpx.Response]:
        """Ask a node for a sound; the answer comes later."""
        return self.clients.submit(self.nodes[name].speak, input=text, voice="tone", **body)

    def running(self, name: str) -> int:
        found: int = self.nodes[name].status()["jobs"]["running"]
        return found

    def held(self) -> Held:
        """A text that is spoken until it is let go."""
        return Held(self.folder, f"gate-{next(self._numbers)}")

    @contextlib.contextmanager
    def occupied(self, name: str) -> Iterator[Future[httpx.Response]]:
        """The node's worker is busy; at the end of the `with` it has done its job."""
        with self.held() as held:
            busy = self.say(name, held.text)
            self.wait_running(name)
            yield busy
        assert maker(busy.result()) == name

    def wait_running(self, *names: str) -> None:
        """Until all of these nodes' workers have jobs."""
        for name in names:
            self.nodes[name].wait_until(lambda name=name: self.running(name) == 1)

    def wait_waiting(self, count: int, *names: str) -> None:
        """Until so many jobs stand in these nodes' lines, all together."""

        def waiting() -> int:
            return sum(self.nodes[name].status()["jobs"]["waiting"] for name in names)

        self.nodes[names[0]].wait_until(lambda: waiting() == count)

    def lending(self, name: str, side: str, ending: str) -> int:
        """A count of a node's ledger."""
        found: int = self.nodes[name].status()["lending"][side][ending]
        return found

    def drain_file(self, name: str) -> Path:
        return self.folder / f"drain-{name}"

    def worker(self, name: str) -> int:
        """The process id of a node's worker."""
        found: int = self.nodes[name].status()["workers"][0]["pid"]
        return found

    @contextlib.contextmanager
    def stunned(self, name: str) -> Iterator[None]:
        """The node's worker does nothing."""
        pid = self.worker(name)
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    def wait_idle(self) -> None:
        for name, node in self.nodes.items():
            node.wait_until(lambda name=name: self.running(name) == 0)


def maker(answer: httpx.Response) -> str:
    """The node whose worker spoke."""
    assert answer.status_code == 200, answer.text
    return str(answer.headers.get("x-made-by", answer.headers["x-node"]))


@contextlib.contextmanager
def cluster(
    folder: Path, names: tuple[str, ...], engine: str, *more: str, alone: bool = False
) -> Iterator[Cluster]:
    """Nodes that have met: each was told of the others, unless they are to be `alone`."""
    secret, peers = folder / "secret", folder / "peers"
    secret.touch(0o600)
    secret.write_bytes(SECRET)
    peers.touch()
    known = () if alone else (f"--peers-file={peers}", f"--cluster-secret-file={secret}")
    with contextlib.ExitStack() as stack:
        nodes = {
            name: stack.enter_context(
                running(
                    folder,
                    "--enable-queue",
                    *("--engine", engine, "--node-name", name, "--queue-size", "8"),
                    *known,
                    *("--drain-file", str(folder / f"drain-{name}")),
                    *more,
                    STATE_DIRECTORY=str(folder / f"state-{name}"),
                    FAULTY_ENGINE_TROUBLE=str(folder / f"trouble-{name}"),
                )
            )
            for name in names
        }
        for node in nodes.values():
            node.wait_ready()
        # Known only now: the nodes read the file again.
        draft = peers.with_suffix(".new")
        draft.write_text("".join(f"{name} {node.url}\n" for name, node in nodes.items()))
        draft.replace(peers)
        for node in () if alone else nodes.values():
            node.wait_until(lambda node=node: node.status()["lending"]["peers"] == len(names) - 1)
        found = Cluster(nodes, folder)
        try:
            yield found
        finally:
            found.clients.shutdown(cancel_futures=True)
