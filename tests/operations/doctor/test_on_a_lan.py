"""Faults of a network, found on a real one over real SSH, by the command as it is typed."""

import json
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from tests.operations.doctor.namespaces import CONTENT, FAULTS, HOSTS, Lab, inside, lab
from tests.transport.sshd import Sshd, make_key

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces need root")
_NAMES = [name for name in HOSTS if name != "stranger"]
_IDS = {
    "vip-taken",
    "vrid-taken",
    "vip-static",
    "segment-apart",
    "address-taken",
    "port-blocked",
    "vrrp-dropped",
    "mtu",
    "path-mtu",
    "sync-dropped",
    "multicast-lost",
    "arp-announcement-lost",
    "gateway-is-director",
}


def door(namespace: str, public: str) -> str:
    """A line of authorized_keys: who has this key is in that host."""
    shell = [*inside(namespace)[:-1], inside(namespace)[-1].replace("exec sh -s", 'eval "$0"')]
    command = f'{shlex.join(shell)} "$SSH_ORIGINAL_COMMAND"'.replace("\\", r"\\")
    return 'command="{}" {}'.format(command.replace('"', r"\""), public)


@contextmanager
def over_ssh(made: Lab) -> Iterator[tuple[Path, Sshd]]:
    """An inventory whose hosts are behind one sshd, by the key that they are asked with."""
    # Not below pytest's own folder: that is closed to the accounts that look for their keys here.
    with tempfile.TemporaryDirectory(prefix="cosyvoice-sshd-") as folder:
        server = Sshd(Path(folder), more="LogLevel VERBOSE\nMaxStartups 100")
        keys = {name: make_key(server.folder / name) for name in _NAMES}
        lines = (
            door(made.namespace(n), k.with_suffix(".pub").read_text()) for n, k in keys.items()
        )
        (server.folder / "authorized_keys").write_text("".join(lines))
        content = json.loads(json.dumps(CONTENT))
        content["ssh"] = {
            "host": "127.0.0.1",
            "port": server.port,
            "user": "root",
            "known_hosts_file": str(server.known_hosts),
            "connect_timeout": 60,
        }
        for group in ("directors", "real_servers", "storage"):
            for name, address in content[group]["hosts"].items():
                own = {"address": address, "ssh": {"key_file": str(keys[name])}}
                content[group]["hosts"][name] = own
        path = server.folder / "inventory.yaml"
        path.write_text(yaml.safe_dump(content), encoding="utf-8")
        server.start()
        try:
            yield path, server
        finally:
            server.stop()


def test_what_is_wrong_on_a_lan_is_found_in_one_session_a_host(tmp_path: Path) -> None:
    faults = {
        **FAULTS["stranger-has-vip"],
        "rs1": FAULTS["dropped"]["rs1"],
        "lvs2": FAULTS["dropped-by-iptables"]["lvs2"],
        "rs2": "ip link set eth0 mtu 1400",
    }
    with lab() as made:
        for name, text in faults.items():
            made.sh(name, text)
        with made.speaker(), over_ssh(made) as (path, server):
            done = subprocess.run(
                [sys.executable, "-m", "provisioning", "doctor", "--json", "-i", str(path)],
                cwd=Path(__file__).parents[3],
                env={**os.environ, "HOME": str(tmp_path), "SSH_AUTH_SOCK": ""},
                capture_output=True,
                text=True,
                check=False,
            )
            log = server.log()
    assert done.returncode == 1, done.stderr
    said = json.loads(done.stdout)
    assert [one for one in said["unanswered"] if one["rule"] in _IDS] == []
    assert {(one["rule"], one["host"]) for one in said["findings"] if one["rule"] in _IDS} == {
        ("vip-taken", ""),
        ("vrid-taken", ""),
        ("port-blocked", "rs1"),
        ("vrrp-dropped", "lvs2"),
        ("sync-dropped", "lvs2"),
        ("mtu", "rs2"),
    }
    assert log.count("Accepted publickey for root") == len(_NAMES)
    assert log.count("Starting session: forced-command") == len(_NAMES), "all in one round trip"
