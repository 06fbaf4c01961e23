"""The speech node itself, three that share a folder, behind a round robin of connections."""

import contextlib
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.app.node_process import NodeProcess, running
from tests.app.patient_client import patient_client
from tests.app.session_routing.cluster import RoundRobin

NAMES = ("rs1", "rs2", "rs3")


class Cluster:
    def __init__(self, nodes: dict[str, NodeProcess], url: str) -> None:
        self.nodes = nodes
        self.url = url

    def spoken(self) -> dict[str, int]:
        """Jobs that each node has done."""
        return {name: node.status()["jobs"]["done"] for name, node in self.nodes.items()}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("nodes")
    secret, peers = folder / "secret", folder / "peers"
    secret.touch(0o600)
    secret.write_text("0123456789abcdef0123456789abcdef\n")
    peers.touch()
    with contextlib.ExitStack() as stack:
        nodes = {
            name: stack.enter_context(
                running(
                    folder,
                    "--enable-queue",
                    f"--node-name={name}",
                    f"--peers-file={peers}",
                    f"--cluster-secret-file={secret}",
                    STATE_DIRECTORY=str(folder / f"state-{name}"),
                )
            )
            for name in NAMES
        }
        for node in nodes.values():
            node.wait_ready()
        # Known only now: the nodes read the file again.
        draft = peers.with_suffix(".new")
        draft.write_text("".join(f"{name} {node.url}\n" for name, node in nodes.items()))
        draft.replace(peers)
        for node in nodes.values():
            # One that was not heard of for a while is there once more.
            node.wait_until(
                lambda node=node: all(
                    any(f"peer {name} is there" in line for line in node.raw)
                    for name in NAMES
                    if nodes[name] is not node
                )
            )
        balancer = RoundRobin([int(node.url.rpartition(":")[2]) for node in nodes.values()])
        try:
            yield Cluster(nodes, f"http://127.0.0.1:{balancer.port}")
        finally:
            balancer.close()


def test_every_call_of_gradios_client_succeeds(cluster: Cluster) -> None:
    before = cluster.spoken()
    # By chance alone a node would get none of them once in some twenty thousand times.
    sessions = 27

    def one(number: int) -> str:
        client = patient_client(cluster.url)
        path, told = client.predict(f"第{number}句", "cmn", 1.0, 42, api_name="/synthesize")
        assert Path(path).read_bytes()[:4] == b"RIFF"
        return str(told["node"])

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(one, range(sessions)))
    assert len(answers) == sessions and set(answers) == set(NAMES)
    done = {name: count - before[name] for name, count in cluster.spoken().items()}
    assert sum(done.values()) == sessions
    # Chosen by load, not all in one place.
    assert all(done.values()), done


def test_an_answer_names_the_node_that_gave_it(cluster: Cluster) -> None:
    call: dict[str, object] = {"data": []}
    session = f"session{time.monotonic_ns()}"
    owners = set()
    for _ in range(6):
        with httpx.Client(timeout=30) as client:
            answer = client.post(
                f"{cluster.url}/gradio_api/queue/join",
                json={**call, "session_hash": session, "fn_index": 10**6},
            )
        names = answer.headers.get_list("x-node")
        assert len(names) == 1
        owners |= set(names)
    assert len(owners) == 1


def test_strangers_learn_nothing(cluster: Cluster) -> None:
    for path in ("condition", "locate", "pin", "known"):
        assert (
            httpx.post(f"{cluster.url}/_session_routing/{path}", json={}, timeout=30).status_code
            == 404
        )
