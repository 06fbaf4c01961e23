"""``cluster dashboard``: where the boards are, and a tunnel by a real SSH."""

import json
import os
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result

from provisioning.cli.commands.dashboard import dashboard
from provisioning.model.inventory import Inventory
from tests.transport.sshd import Sshd

_COMMAND = "provisioning.cli.commands.dashboard"


class _Prometheus(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"{self.path} 集群".encode())

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def prometheus() -> Iterator[int]:
    """The port of a stand-in on 127.0.0.1."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Prometheus)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def sshd() -> Iterator[Sshd]:
    if os.geteuid() != 0:
        pytest.skip("needs root: an sshd with accounts of its own")
    with tempfile.TemporaryDirectory(prefix="cosyvoice-sshd-") as folder:
        server = Sshd(Path(folder))
        server.start()
        yield server
        server.stop()


def inventory(place: int, **ssh: object) -> Inventory:
    """mon1 is silent, mon2 is this machine."""
    hosts = {"mon1": "192.0.2.61", "mon2": "127.0.0.1"}
    return Inventory.model_validate(
        {
            "vip": "192.0.2.100",
            "directors": {"hosts": {"lvs1": "192.0.2.11"}},
            "real_servers": {"hosts": {"rs1": "192.0.2.101"}},
            "monitoring": {"hosts": hosts, "ports": {"prometheus": place}},
            "ssh": ssh,
        }
    )


def asked(monkeypatch: pytest.MonkeyPatch, model: Inventory, *words: str) -> Result:
    monkeypatch.setattr(f"{_COMMAND}.load_or_exit", lambda _: model)
    # An address that nobody has may swallow what is sent there.
    monkeypatch.setattr("provisioning.operations.dashboard.boards._PATIENCE", 0.2)
    return CliRunner().invoke(dashboard, list(words))


def test_a_host_that_answers_comes_first(monkeypatch: pytest.MonkeyPatch, prometheus: int) -> None:
    result = asked(monkeypatch, inventory(prometheus), "--json")
    assert result.exit_code == 0, result.output
    first, second = json.loads(result.stdout)["hosts"]
    assert (first["host"], first["reached"], first["tunnel"]) == ("mon2", True, None)
    urls = [board["url"] for board in first["boards"]]
    assert urls[0] == f"http://127.0.0.1:{prometheus}/consoles/overview.html"
    assert all(httpx.get(url, trust_env=False).status_code == 200 for url in urls)
    assert [board["name"] for board in first["boards"]] == [
        *("overview", "directors", "gpus", "hosts", "upgrades")
    ]
    assert (second["host"], second["reached"]) == ("mon1", False)
    assert second["tunnel"][-2:] == ["--", "192.0.2.61"]
    assert f":192.0.2.61:{prometheus}" in " ".join(second["tunnel"])
    result = asked(monkeypatch, inventory(prometheus))
    assert urls[0] in result.stdout and "mon1 shows the same" in result.stdout


def test_where_none_answers_the_way_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    result = asked(monkeypatch, inventory(9, port=2222, key_file="语音 x"))
    assert result.exit_code == 0
    (line,) = [line for line in result.stdout.splitlines() if line.startswith("  ssh ")]
    assert "-p 2222 " in line and "语音 x' -o " in line and " -N " in line
    assert "http://127.0.0.1:" in result.stdout


def test_a_cluster_that_nobody_watches_has_no_boards(monkeypatch: pytest.MonkeyPatch) -> None:
    model = inventory(9).model_copy(update={"monitoring": None})
    result = asked(monkeypatch, model)
    assert result.exit_code == 2
    assert "no monitoring.hosts" in result.stderr


def test_a_tunnel_leads_there_until_it_breaks(
    monkeypatch: pytest.MonkeyPatch, prometheus: int, sshd: Sshd
) -> None:
    seen: list[Any] = []

    started: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen

    def noted(*words: Any, **more: Any) -> subprocess.Popen[bytes]:
        started.append(popen(*words, **more))
        return started[-1]

    def browser(url: str) -> bool:
        seen.append((url, httpx.get(url, trust_env=False).text))
        started[-1].kill()
        return True

    monkeypatch.setattr("provisioning.operations.dashboard.tunnel.subprocess.Popen", noted)
    monkeypatch.setattr(f"{_COMMAND}.webbrowser.open", browser)
    model = inventory(
        prometheus,
        port=sshd.port,
        user="root",
        key_file=str(sshd.key),
        known_hosts_file=str(sshd.known_hosts),
    )
    result = asked(monkeypatch, model, "--tunnel", "--open")
    ((url, text),) = seen
    assert text == "/consoles/overview.html 集群"
    assert not url.startswith(f"http://127.0.0.1:{prometheus}/")
    assert url in result.stdout
    assert result.exit_code == 1
    assert "mon2: the tunnel broke" in str(result.exception)
    with pytest.raises(httpx.TransportError):
        httpx.get(url, trust_env=False)


def test_a_tunnel_that_does_not_come_up_is_one_error(
    monkeypatch: pytest.MonkeyPatch, prometheus: int, tmp_path: Path
) -> None:
    model = inventory(prometheus, port=1, known_hosts_file=str(tmp_path / "known_hosts"))
    result = asked(monkeypatch, model, "--tunnel")
    assert result.exit_code == 1
    assert str(result.exception).startswith(f"mon2: no tunnel to 127.0.0.1:{prometheus}: see what")
