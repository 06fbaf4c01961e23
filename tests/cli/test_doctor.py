"""``cluster doctor`` on hosts with a network of their own, whose state is in folders."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from provisioning.cli.main import main
from provisioning.model.ssh import Connection
from provisioning.operations.cluster import fleet as cluster_fleet
from tests.engine.sandbox import SandboxTransport
from tests.operations.doctor.namespaces import CONTENT, Lab, inside, lab

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces need root")
_ARP = "/proc/sys/net/ipv4/conf/all"


class Host(SandboxTransport):
    """A host whose programs see its own network, and whose state is in a folder."""

    def __init__(self, folder: Path, namespace: str) -> None:
        super().__init__(folder)
        self._namespace = namespace

    def start(self, script: str | bytes) -> "subprocess.Popen[bytes]":
        text = script.decode() if isinstance(script, bytes) else script
        pipe = subprocess.PIPE
        process = subprocess.Popen(
            inside(self._namespace), stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True
        )
        assert process.stdin
        process.stdin.write(self.here(text).encode())
        process.stdin.close()
        process.stdin = None
        return process


@pytest.fixture
def hosts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    (tmp_path / "inventory.yaml").write_text(yaml.safe_dump(CONTENT), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with lab() as made:

        def connect(name: str, connection: Connection, **more: object) -> Host:
            folder = tmp_path / "hosts" / name
            folder.mkdir(parents=True, exist_ok=True)
            return Host(folder, made.namespace(name))

        monkeypatch.setattr(cluster_fleet, "connect", connect)
        yield made


def arp(made: Lab) -> list[str]:
    words = f"cat {_ARP}/arp_ignore {_ARP}/arp_announce"
    command = ["ip", "netns", "exec", made.namespace("rs1"), "sh", "-c", words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()


def test_what_is_safe_is_mended_after_a_yes_and_then_is_gone(
    hosts: Lab, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def doctor(*words: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["cluster", *words])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0), capsys.readouterr().out

    def rules(said: dict[str, Any]) -> set[str]:
        return {one["rule"] for one in said["findings"]}

    hosts.sh("rs1", "ip address add 10.99.0.100/32 dev lo")
    status, text = doctor("doctor", "--limit", "rs1")
    assert status == 1
    assert "vip-not-silent" in text and "arp_announce is 0" in text and "    fix: " in text
    assert not Path(".cluster").exists(), "a look leaves nothing"

    assert doctor("doctor", "--limit", "rs1", "--fix")[0] == 2, "nobody can be asked"
    assert arp(hosts) == ["0", "0"]

    status, text = doctor("doctor", "--limit", "rs1", "--fix", "--yes", "--json")
    said = json.loads(text)
    assert arp(hosts) == ["1", "2"]
    assert [one["command"][2] for one in said["mended"]] == [
        "net/ipv4/conf/all/arp_ignore=1",
        "net/ipv4/conf/all/arp_announce=2",
    ]
    assert all(one["ok"] for one in said["mended"])
    assert "vip-not-silent" not in rules(said)
    assert status == (0 if said["ok"] else 1)

    (run,) = json.loads(doctor("history", "--json")[1])
    assert run["result"] == "ok"
    assert "arp_announce=2" in doctor("history", "show", run["id"])[1]
