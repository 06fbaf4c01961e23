"""``-v`` and ``--debug``: what they tell, where, and that no secret is in it."""

import base64
import io
import json
import logging
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from rich.console import Console
from rich.live import Live

from provisioning.cli.group import Commands
from provisioning.cli.running import cluster, run
from provisioning.engine.script_log import log_script, without_payload
from provisioning.model.loader.load import read_inventory
from provisioning.model.runtime import Runtime
from provisioning.model.secrets.shared_secret import SharedSecret
from provisioning.operations.cluster.cluster import Cluster
from provisioning.resources.base import Observation
from provisioning.resources.environment import Environment
from provisioning.resources.file import File
from provisioning.resources.release import Release
from provisioning.roles.desired import desired_hosts
from provisioning.roles.release_archive import ReleaseArchive
from tests.transport.conftest import sshd as sshd
from tests.transport.sshd import PASSWORD, Sshd

_REPOSITORY = Path(__file__).parents[2]
_ENVIRONMENT = {
    "TEST_AUTH_PASS": "Kx7-q",
    "TEST_WEBHOOK": "https://hooks.example.org/T0/B0/hook-5f3a9c",
    "TEST_INDEX": "https://ops:index-77aa@packages.example.org/simple",
}
_CLUSTER = "of-all-nodes-81f2 '\"$"
_TOKEN, _HOST_TOKEN = "tok_5f3a9c", "tok_of_rs1"
_SECRETS = [
    PASSWORD,
    _CLUSTER,
    _TOKEN,
    _HOST_TOKEN,
    "index-77aa",
    *_ENVIRONMENT.values(),
]


@pytest.fixture
def over_sshd(tmp_path: Path, sshd: Sshd, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    """Hosts that are all the test's sshd, with every kind of secret that an inventory has."""
    for name, value in _ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    for name, text in {"password": PASSWORD, "cluster": _CLUSTER}.items():
        (tmp_path / name).write_text(f"{text}\n")
        (tmp_path / name).chmod(0o600)
    content = {
        "vip": "10.77.0.100",
        "vrrp": {"version": 2, "auth_pass": {"env": "TEST_AUTH_PASS"}},
        "notify": {"webhook": {"env": "TEST_WEBHOOK"}},
        "ssh": {
            "host": "127.0.0.1",
            "port": sshd.port,
            "user": "asked",
            "password": {"file": "password"},
            "sudo_password": {"file": "password"},
            "known_hosts_file": str(sshd.known_hosts),
            "connect_timeout": 60,
        },
        "app": {
            "secret": {"file": "cluster"},
            "environment": {"SERVICE_TOKEN": _TOKEN},
            "venv": {"index_url": {"env": "TEST_INDEX"}},
        },
        "directors": {"hosts": {"lvs1": "10.77.0.11", "lvs2": "10.77.0.12"}},
        "real_servers": {
            "hosts": {
                "rs1": {"address": "10.77.0.21", "environment": {"A_TOKEN": _HOST_TOKEN}},
                "rs2": "10.77.0.22",
            }
        },
    }
    path = tmp_path / "inventory.yaml"
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return Cluster(read_inventory(path).inventory, path)


def cluster_command(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "provisioning", *words],
        cwd=_REPOSITORY,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def require_no_secret(text: str) -> None:
    for secret in _SECRETS:
        for form in (secret, shlex.quote(secret), json.dumps(secret)[1:-1]):
            assert form not in text, secret
        # Inside of a longer text its base64 is one of three.
        for shift in range(3):
            encoded = base64.b64encode(b"x" * shift + secret.encode())[4:-4].decode()
            assert len(encoded) < 4 or encoded not in text, secret


@pytest.mark.parametrize("words", [["-v", "exec"], ["--verbose", "exec"]])
def test_connections_channels_and_bytes(over_sshd: Cluster, words: list[str]) -> None:
    done = cluster_command(*words, "-i", str(over_sshd.path), "rs1", "--", "echo", "hello")
    assert (done.returncode, done.stdout) == (0, "rs1: hello\n"), done.stderr
    port = over_sshd.inventory.ssh.port
    place = f"rs1: asked@127.0.0.1:{port}"
    for said in (
        f"transport.ssh: {place}: connecting\n",
        f"{place}: SSH-2.0-OpenSSH_",
        f"{place}: trying the password\n",
        f"{place}: logged in after ",
        "rs1: channel 0 is open\n",
        "rs1: channel 0: sent 11 bytes, got 6 and 0 of errors, status 0, ",
        "rs1: closing the connection\n",
    ):
        assert said in done.stderr, done.stderr
    require_no_secret(done.stderr)


def test_without_them_nothing_is_said(over_sshd: Cluster) -> None:
    done = cluster_command("exec", "-i", str(over_sshd.path), "rs1", "--", "echo", "hello")
    assert (done.returncode, done.stdout, done.stderr) == (0, "rs1: hello\n", "")


def test_scripts_with_their_text_and_a_result_that_is_json(over_sshd: Cluster) -> None:
    words = ["plan", "-i", str(over_sshd.path), "--limit", "rs1", "--json"]
    verbose = cluster_command(*words, "-v")
    assert isinstance(json.loads(verbose.stdout), dict), verbose.stderr
    assert "engine.script_log: rs1: observe, " in verbose.stderr
    assert " fragments: script of " in verbose.stderr
    assert "look_at_file" not in verbose.stderr
    debug = cluster_command(*words, "--debug")
    assert isinstance(json.loads(debug.stdout), dict), debug.stderr
    assert "    | look_at_file /etc/cosyvoice/" in debug.stderr
    assert "paramiko.transport: " in debug.stderr
    for text in (verbose.stderr, debug.stderr):
        require_no_secret(text)


def test_no_secret_of_any_kind_is_in_the_text_of_changes(
    over_sshd: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = Environment(index_url=_ENVIRONMENT["TEST_INDEX"])
    release = ReleaseArchive("r1", b"archive", environment=environment)
    hosts = desired_hosts(over_sshd.inventory, release, Runtime(), SharedSecret(_CLUSTER))
    changes = []
    for name in hosts:
        for resource in hosts[name].resources:
            if isinstance(resource, File | Release):
                change = resource.compare(Observation("absent\n", "", 0))
                assert change is not None
                changes.append((resource.id, change.apply))
    plain = "\n".join(text for _, text in changes)
    assert "index-77aa" in plain
    assert base64.b64encode(_CLUSTER.encode())[:-4].decode() in plain

    def log_them(*_: object, **__: object) -> None:
        log_script("rs1", "1 change", plain, changes)
        # And as another room might repeat them.
        for secret in _SECRETS:
            logging.getLogger("provisioning.transport.ssh").info("it said: %s", secret)
        raise SystemExit(0)

    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr("provisioning.cli.commands.plan.look", log_them)
    assert run(["--debug", "plan", "-i", str(over_sshd.path)]) == 0
    text = stream.getvalue()
    assert re.search(r"begin_candidate /etc/keepalived/keepalived.conf \d+ .*<<'BASE64' \(", text)
    assert len(re.findall("it said: .*removed", text)) == len(_SECRETS)
    require_no_secret(text)


@pytest.fixture
def quiet() -> Iterator[logging.Logger]:
    """The program's logger, which has no handler before and after."""
    logger = logging.getLogger("provisioning")
    assert (logger.handlers, logger.level) == ([], logging.NOTSET)
    yield logger
    assert (logger.handlers, logger.level) == ([], logging.NOTSET)
    assert logging.getLogger("paramiko").level == logging.NOTSET


def test_it_ends_with_the_command_and_is_free_when_off(
    quiet: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    def parts() -> Iterator[tuple[str, str]]:
        raise AssertionError("asked for")
        yield

    log_script("rs1", "1 change", "true", parts())
    assert run(["-v", "--debug", "schema", "-v"]) == 0
    log_script("rs1", "1 change", "true", parts())
    assert capsys.readouterr().err == ""


def test_commands_that_hand_options_on_have_them_in_front_alone() -> None:
    context = cluster.make_context("cluster", [], resilient_parsing=True)
    assert isinstance(cluster, Commands)
    for name in cluster.list_commands(context):
        command = cluster.get_command(context, name)
        assert command is not None
        options = [option for one in command.params for option in one.opts]
        assert options.count("--debug") == (0 if command.ignore_unknown_options else 1), name
        assert options.count("-v") == options.count("--debug"), name


def test_a_log_in_a_file_is_whole_while_a_table_is_shown(
    quiet: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream, terminal = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)

    def shown() -> dict[str, object]:
        with Live("table", console=Console(file=terminal, force_terminal=True)):
            logging.getLogger("provisioning.engine.waves").info("a\x1b[31mb\nc\td")
        return {}

    monkeypatch.setattr("provisioning.cli.commands.schema.schema_with_ranges", shown)
    assert run(["-v", "schema"]) == 0
    assert stream.getvalue().partition("] ")[2] == ("engine.waves: a\\x1b[31mb\n    | c       d\n")


def test_payloads_are_left_out_and_what_is_around_them_stays() -> None:
    script = "a <<'BASE64'\nQUJD\nREVG\nBASE64\nb <<'BASE64'\nR0hJ\nBASE64"
    assert without_payload(script) == (
        "a <<'BASE64' (10 bytes not shown)\nb <<'BASE64' (5 bytes not shown)"
    )
    assert without_payload("nothing\nof the kind") == "nothing\nof the kind"
