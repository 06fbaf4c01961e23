"""A node that listens on several ports, for IPv4 and IPv6 alike."""

from pathlib import Path

import httpx

from tests.app.node_process import NodeProcess, running
from tests.ports import free_port


def _ports(node: NodeProcess) -> set[int]:
    said = [str(line.get("message", "")) for line in node.lines]
    return {int(text.split()[-1]) for text in said if text.startswith("serving on :: port")}


def test_every_port_is_answered_at_for_both_families(tmp_path: Path) -> None:
    with running(tmp_path, "--host=::", f"--port={(further := free_port())}") as node:
        node.wait_until(lambda: len(_ports(node)) == 2)
        assert further in _ports(node)
        for port in _ports(node):
            for host in ("127.0.0.1", "[::1]"):
                answer = httpx.get(f"http://{host}:{port}/healthz", trust_env=False, timeout=30)
                assert answer.status_code == 200, (host, port)
