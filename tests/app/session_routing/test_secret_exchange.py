"""A running node takes up another secret, and proves it to the program that an operator's machine
runs on its host."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from provisioning.facts.probes import node_secrets
from provisioning.model.cluster_record import secret_id
from tests.app.node_process import NodeProcess, running

_OLD, _NEW = "old secret " * 3, "new secret " * 3


class Host:
    """The host of a node: its files, and the probe."""

    def __init__(self, folder: Path) -> None:
        self.secret, self.accepted = folder / "secret", folder / "secret.accepted"
        self.write(self.secret, _OLD)

    def write(self, path: Path, *lines: str) -> None:
        draft = path.with_name("draft")
        draft.write_text("".join(f"{line}\n" for line in lines))
        draft.chmod(0o640)
        draft.replace(path)

    def ask(self, node: NodeProcess) -> dict[str, Any]:
        place = {"address": "127.0.0.1", "port": int(node.url.rpartition(":")[2])}
        asked = {
            "timeout": 60,
            "secret": str(self.secret),
            "accepted": str(self.accepted),
            "nodes": {"rs1": place},
        }
        done = subprocess.run(
            [sys.executable, "-I", "-S", node_secrets.__file__, json.dumps(asked)],
            capture_output=True,
            check=True,
        )
        found: dict[str, Any] = json.loads(done.stdout)["nodes"]["rs1"]
        return found


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


@pytest.fixture
def node(tmp_path: Path, host: Host) -> Iterator[NodeProcess]:
    peers = tmp_path / "peers"
    peers.touch()
    options = ("--node-name=rs1", f"--peers-file={peers}", f"--cluster-secret-file={host.secret}")
    with running(tmp_path, *options) as started:
        yield started


def known(*, good: tuple[str, ...], signs: str) -> dict[str, object]:
    return {
        "good": [secret_id(one.strip()) for one in good],
        "count": len(good),
        "signs": secret_id(signs.strip()),
    }


def test_each_phase_is_proved_by_the_running_node(host: Host, node: NodeProcess) -> None:
    pid = node.process.pid
    assert host.ask(node) == known(good=(_OLD,), signs=_OLD)
    host.write(host.accepted, _OLD, _NEW)
    node.wait_until(lambda: host.ask(node) == known(good=(_OLD, _NEW), signs=_OLD))
    host.write(host.secret, _NEW)
    node.wait_until(lambda: host.ask(node) == known(good=(_NEW, _OLD), signs=_NEW))
    host.write(host.accepted)
    node.wait_until(lambda: host.ask(node) == known(good=(_NEW,), signs=_NEW))
    host.write(host.accepted, _OLD)
    host.write(host.secret, _OLD)
    node.wait_until(lambda: host.ask(node)["signs"] == secret_id(_OLD.strip()))
    assert node.process.pid == pid and node.process.poll() is None
    assert node.get("/_session_routing/secrets").status_code == 404, "nothing for strangers"
    assert not any(one.strip() in line for line in node.raw for one in (_OLD, _NEW))
    node.process.terminate()
    node.process.wait(60)
    assert host.ask(node)["refused"] is True
