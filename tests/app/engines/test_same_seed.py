"""The same request and seed give the same bytes, whichever node speaks."""

import hashlib
from pathlib import Path

from tests.app.node_process import running


def test_two_nodes_speak_the_same_bytes(tmp_path: Path) -> None:
    text = "你好，世界。Hello from 两个节点。"
    body = {"input": text, "voice": "cmn", "seed": 4242}
    digests: dict[str, str] = {}
    with (
        running(tmp_path / "a", "--node-name", "rs1") as first,
        running(tmp_path / "b", "--node-name", "rs2", "--workers", "2", "--enable-queue") as second,
    ):
        first.wait_ready()
        second.wait_ready()
        for name, node in (("a", first), ("b", second), ("again", first), ("b again", second)):
            answer = node.speak(**body)
            assert answer.status_code == 200, answer.text
            assert len(answer.content) > 10_000
            digests[name] = hashlib.sha256(answer.content).hexdigest()
        other = first.speak(**{**body, "input": text + "再见。"})
    assert len(set(digests.values())) == 1
    assert hashlib.sha256(other.content).hexdigest() not in digests.values()
