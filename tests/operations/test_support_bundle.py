"""The archive for those who are asked for help: all there is, and no secret."""

import json
import tarfile
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from provisioning.engine.fleet import Fleet
from provisioning.model.loader.load import read_inventory
from provisioning.operations.cluster.cluster import Cluster
from provisioning.operations.cluster.secret import ClusterSecret, keep_secret
from provisioning.operations.state_folder.runtime_state import save_runtime, with_drain
from provisioning.operations.support_bundle.bundle import write_bundle
from provisioning.operations.support_bundle.dead_hosts import last_words
from provisioning.operations.support_bundle.redaction import Redactor, without_texts
from provisioning.transport.base import Completed, UnreachableError
from provisioning.transport.local import LocalTransport
from tests.operations.test_log_search import NOW, Hosts, inventory, said
from tests.roles.rendered import DRAIN

AUTH_PASS = "Kx7-q"
PASSWORD = 'p"ss $wörd `1`'
SUDO = "sudo-密码-123"
TOKEN = "tok_5f3a9c"
OLD = "an-older-one"


class Answering(LocalTransport):
    """This machine, with an answer that holds every secret in all its forms."""

    def run(self, script: str | bytes, **options: object) -> Completed:
        done = super().run(script, root=False, timeout=60)
        if "hosts/HOST" not in str(script):
            return done
        leak = "\n".join(
            [
                f"auth_pass {AUTH_PASS}",
                f"    auth_pass {OLD}",
                f"COSYVOICE_API_TOKEN={TOKEN}",
                f"login with {PASSWORD}",
                json.dumps({"said": PASSWORD}),
                json.dumps({"password": OLD}),
                f"url https://ops:{OLD}@example.org/x",
                SUDO,
            ]
        ).encode()
        return Completed(leak + done.stdout, done.stderr, done.status)


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    monkeypatch.setenv("TEST_AUTH_PASS", AUTH_PASS)
    monkeypatch.setenv("TEST_PASSWORD", PASSWORD)
    (tmp_path / "sudo").write_text(SUDO + "\n")
    (tmp_path / "sudo").chmod(0o600)
    content = {
        "name": "语音".encode().hex(),
        "vip": "10.77.0.100",
        "vrrp": {"version": 2, "auth_pass": {"env": "TEST_AUTH_PASS"}},
        "ssh": {"password": {"env": "TEST_PASSWORD"}, "sudo_password": {"file": "sudo"}},
        "app": {"environment": {"SERVICE_TOKEN": TOKEN, "GREETING": "你好"}},
        "directors": {"hosts": {"lvs1": "10.77.0.11", "lvs2": "10.77.0.12"}},
        "real_servers": {"hosts": {"rs1": "10.77.0.21", "rs2": "10.77.0.22"}},
    }
    path = tmp_path / "inventory.yaml"
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    found = Cluster(read_inventory(path).inventory, path)
    save_runtime(found.state_dir, with_drain(found.runtime, "rs2", DRAIN))
    return found


def connect(name: str) -> LocalTransport:
    if name == "rs2":
        raise UnreachableError("rs2: no answer within 10 s")
    return Answering()


def unpacked(cluster: Cluster, path: Path) -> tuple[dict[str, str], dict[str, str]]:
    errors = write_bundle(cluster, Fleet(connect, forks=2), path)
    with tarfile.open(path) as archive:
        found = {}
        for member in archive.getmembers():
            file = archive.extractfile(member)
            assert file is not None
            found[member.name.partition("/")[2]] = file.read().decode()
    return found, errors


def test_no_secret_is_anywhere_in_it(cluster: Cluster, tmp_path: Path) -> None:
    secret = "made-by-this-folder-for-the-nodes"
    keep_secret(cluster, ClusterSecret(secret, made_here=True))
    found, _ = unpacked(cluster, tmp_path / "out.tar.gz")
    assert found
    for name, text in found.items():
        for value in (AUTH_PASS, PASSWORD, SUDO, TOKEN, OLD, secret, json.dumps(PASSWORD)[1:-1]):
            assert value not in text, (name, value)


def test_it_holds_what_is_needed(cluster: Cluster, tmp_path: Path) -> None:
    path = tmp_path / "out.tar.gz"
    found, errors = unpacked(cluster, path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert errors.keys() == {"rs2"}
    assert json.loads(found["errors.json"]) == errors
    assert "GREETING" in found["rendered/rs1/etc/cosyvoice/app.env"]
    assert "你好" in found["rendered/rs1/etc/cosyvoice/app.env"]
    assert "virtual_router_id" in found["rendered/lvs1/etc/keepalived/keepalived.conf"]
    assert json.loads(found["status.json"])["drained"].keys() == {"rs2"}
    assert json.loads(found["runtime.json"])["drains"]["rs2"]["reason"] == DRAIN.reason
    for place in ("hosts/lvs1/ipvs.txt", "hosts/lvs1/vrrp.txt", "hosts/rs1/system.txt"):
        assert place in found
    assert "logs/rs1/cosyvoice.log" in found
    assert "found/lvs1/etc/keepalived/keepalived.conf" in found
    assert not any("rs2" in name for name in found if name.startswith("hosts/"))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("auth_pass ab\n}", "auth_pass (removed)\n}"),
        ('A_SECRET="x \\" y" B=1', "A_SECRET=(removed) B=1"),
        ("password: hunter2\nuser: ops", "password: (removed)\nuser: ops"),
        ("auth_pass: {env: NAME}", "auth_pass: {env: NAME}"),
        ("Authorization: Bearer abcdefgh.ijk", "Authorization: (removed) (removed)"),
        ("the passage of time: 3 s", "the passage of time: 3 s"),
        ("key_file: ~/.ssh/id", "key_file: ~/.ssh/id"),
        (
            "-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----\nx",
            "(removed)\nx",
        ),
        (
            "p: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  6162\n  6364\nq: 1",
            "p: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n(removed)q: 1",
        ),
    ],
)
def test_what_looks_like_a_secret_goes_and_the_rest_stays(text: str, wanted: str) -> None:
    assert Redactor([]).clean(text) == wanted


def test_a_dead_hosts_last_hours_come_from_the_log_host(tmp_path: Path) -> None:
    hosts = Hosts(tmp_path, "rs1", "rs2")
    for age in (9, 3, 2):
        then = NOW - timedelta(hours=age)
        hosts.keep("rs1", said(then, f"{age} h 前"), sent=then, received=then)
    fleet = Fleet(hosts.connect, forks=2)
    fleet.connect(["rs1", "rs2", "log1"])
    texts, errors = last_words(inventory(logs=True), fleet, ["rs1", "rs2"])
    assert errors == {} and texts.keys() == {"rs1"}
    assert [line.rpartition('"message": ')[2] for line in texts["rs1"].splitlines()] == [
        '"3 h 前"}',
        '"2 h 前"}',
    ]
    assert last_words(inventory(logs=False), fleet, ["rs1"]) == ({}, {})
    dead = Fleet(Hosts(tmp_path, "rs1", "log1").connect, forks=2)
    dead.connect(["rs1", "log1"])
    assert last_words(inventory(logs=True), dead, ["rs1"]) == ({}, {}), "told of already"


def test_texts_that_were_logged_by_choice_are_not_handed_on() -> None:
    line = json.dumps({"message": "asked for", "text": 'geheim "1"', "request_id": "r"})
    assert without_texts(line) == line.replace('geheim \\"1\\"', "(removed)")
