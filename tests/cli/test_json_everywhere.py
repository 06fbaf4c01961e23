"""``--json`` on every command: standard output is JSON and nothing else, also where it fails; and
files of this machine that a command line names, and that cannot be."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from provisioning.cli.commands.history import history
from provisioning.cli.commands.maintain import maintain
from provisioning.cli.commands.rollback import rollback
from provisioning.cli.main import main
from provisioning.cli.running import cluster
from provisioning.cli.views.json_output import print_json
from provisioning.engine.lock import cluster_lock
from provisioning.operations.cluster import fleet as cluster_fleet
from provisioning.operations.maintain import commands as maintenance
from provisioning.operations.operation import Operation
from provisioning.operations.rolling.result import Outcome
from tests.cli.sandbox_hosts import Network, SandboxHost

_WITHOUT = {
    "ssh": "becomes the OpenSSH client",
    "lab ssh": "becomes the OpenSSH client",
    "lab exec": "becomes the OpenSSH client",
    "lab logs": "becomes tail(1)",
    "schema": "prints JSON anyway",
}
"""Commands that have no ``--json``, and why."""
_CHANGES = ("plan", "deploy --check")
"""Commands whose status 2 means that changes are pending: what is wrong is status 1."""
_INVENTORY = """\
name: speech
vip: 192.168.1.100
ssh: {host: 127.0.0.1, port: 1, known_hosts_file: known_hosts, connect_timeout: 2}
service_manager: supervisor
directors: {hosts: {lvs1: 192.168.1.11, lvs2: 192.168.1.12}}
real_servers: {hosts: {rs1: 192.168.1.101, rs2: 192.168.1.102}}
app: {source: ./source, directory: /opt/cosyvoice, python: /usr/bin/python3}
"""


def _leaves(group: click.Group, name: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command that can be run, by its whole name."""
    context = click.Context(group)
    for each in group.list_commands(context):
        command = group.get_command(context, each)
        assert command is not None
        if isinstance(command, click.Group):
            if command.invoke_without_command:
                yield f"{name}{each}", command
            yield from _leaves(command, f"{name}{each} ")
        else:
            yield f"{name}{each}", command


_LEAVES = dict(_leaves(cluster))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "inventory.yaml").write_text(_INVENTORY, encoding="utf-8")
    (tmp_path / "source" / "app").mkdir(parents=True)
    (tmp_path / "source" / "app" / "__main__.py").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """``cluster WORDS`` in this process: status, standard output, standard error."""

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["cluster", *words])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        assert isinstance(ended.value.code, int) and "Traceback" not in err
        return ended.value.code, out, err

    return run


def error_of(out: str) -> str:
    """The message of the one JSON document that there is."""
    record = json.loads(out)
    assert isinstance(record["error"], str)
    return str(record["error"])


def test_every_command_has_json_or_a_reason() -> None:
    without = {name for name, one in _LEAVES.items() if not _has_json(one)}
    assert without == _WITHOUT.keys()
    assert len(_LEAVES) > 50


def _has_json(command: click.Command) -> bool:
    return any("--json" in one.opts for one in command.params)


@pytest.mark.parametrize("name", [name for name in _LEAVES if name not in _WITHOUT])
def test_a_wrong_command_line_is_told_in_json(name: str, typed: Any) -> None:
    status, out, err = typed(*name.split(), "--json", "--nonsense")
    assert status == (1 if name in _CHANGES else 2)
    message = error_of(out)
    assert message and message in " ".join(err.split())


@pytest.mark.parametrize(
    "words",
    [
        ("--json", "nonsense"),
        ("lab", "nonsense", "--json"),
        ("artifacts", "--json"),
        ("--json", "status"),
        ("history", "--json", "show", "no-such-run"),
        ("history", "show", "--json", "no-such-run"),
        ("alerts", "--json", "test"),
        ("status", "--json", "--watch"),
    ],
)
def test_so_is_one_that_leads_to_no_command(words: tuple[str, ...], typed: Any) -> None:
    status, out, err = typed(*words)
    assert status == (1 if "no-such-run" in words else 2)
    assert error_of(out).split()[0] in err


def test_a_word_for_another_program_asks_for_nothing(typed: Any) -> None:
    status, out, _ = typed("ssh", "nobody", "--json")
    assert (status, out) == (2, "")


_MISSING = [
    ("push", ["rs1", "no/such", "/srv/x"]),
    ("push", ["rs1", "inventory.yaml", "no/such", "/srv/"]),
    ("exec", ["rs1", "--script", "no/such"]),
    ("maintain", ["--yes", "--script", "no/such"]),
    ("plan", ["--bundle", "no/such"]),
    ("deploy", ["--yes", "--bundle", "no/such"]),
    ("deploy --check", ["--bundle", "no/such"]),
    ("rolling-upgrade", ["--yes", "--bundle", "no/such"]),
    ("rolling-upgrade", ["--check", "--to", "no/such.whl"]),
    ("bundle show", ["no/such"]),
    ("bundle verify", ["no/such"]),
    ("bundle create", ["--out", "no/such"]),
    ("bundle create", ["--out", "inventory.yaml/such"]),
    ("state import", ["--yes", "no/such"]),
    ("state export", ["--output", "inventory.yaml/no/such"]),
    ("rotate ssh-key", ["--yes", "--old", "no/such", "--new", "inventory.yaml"]),
    ("rotate ssh-key", ["--yes", "--old", "inventory.yaml", "--new", "no/such"]),
    ("support-bundle", ["--out", "no/such"]),
    ("pull", ["rs1", "/etc/hostname", "inventory.yaml/such"]),
    ("render", ["--out", "inventory.yaml/such"]),
    ("init", ["no/such"]),
    ("init", ["new.yaml", "--from-ansible", "no/such"]),
    ("validate", ["no/such"]),
    ("status", ["-i", "no/such"]),
]
"""Commands with a file or folder of this machine that is not there, or cannot come to be there."""


@pytest.mark.parametrize(("name", "words"), _MISSING)
def test_a_local_file_that_cannot_be_is_a_wrong_command_line(
    name: str, words: list[str], typed: Any
) -> None:
    status, out, err = typed(*name.split(), "--json", *words)
    assert status == (1 if name in _CHANGES else 2), err
    record = json.loads(out)
    assert "such" in json.dumps(record.get("error") or record["diagnostics"])
    assert "such" in err or name == "validate"


def test_every_local_file_of_a_command_line_was_tried() -> None:
    kinds = (click.Path, click.File)
    have = {
        name
        for name, command in _LEAVES.items()
        if any(isinstance(one.type, kinds) and one.name != "inventory" for one in command.params)
    }
    assert have <= {name for name, _ in _MISSING}


@pytest.mark.parametrize("command", ["maintain", "rolling-upgrade"])
def test_a_pause_that_was_asked_for_is_told_in_json(command: str, typed: Any, folder: Path) -> None:
    with cluster_lock(folder / ".cluster" / "speech", "anna@desk run 1"):
        status, out, _ = typed(command, "--pause", "--json")
    assert (status, json.loads(out)) == (0, {"event": "pause_asked"})


@pytest.fixture
def hosts(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Directors and nodes that can be reached, each a folder of this machine."""
    if os.geteuid() != 0:
        pytest.skip("fragments run as root")
    names = ("lvs1", "lvs2", "rs1", "rs2")
    network = Network({name: SandboxHost(folder / name, 1) for name in names})
    monkeypatch.setattr(cluster_fleet, "connect", network.connect)


@pytest.mark.usefixtures("hosts")
def test_a_run_that_reported_nothing_has_a_result(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("provisioning.cli.commands.rollback.lift_pins", lambda op, names: True)
    done = CliRunner().invoke(rollback, ["--lift", "--json"])
    assert done.exit_code == 0, done.output
    record = json.loads(done.stdout)
    assert record.keys() == {"run", "ok"} and record["ok"] is True
    # An option in front of a group's command counts, too.
    shown = CliRunner().invoke(history, ["--json", "show", record["run"]])
    assert json.loads(shown.stdout)[0]["kind"] == "begin"


@pytest.mark.usefixtures("hosts")
def test_notes_of_a_run_with_a_result_of_its_own_are_no_second_document(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def execute(self: object, op: Operation, dialogue: object) -> Outcome:
        op.dialogue.note("rs9: no longer in the inventory, and left alone")
        print_json({"event": "ended"}, indent=None)
        return Outcome.DONE

    monkeypatch.setattr(maintenance.Abort, "execute", execute)
    done = CliRunner().invoke(maintain, ["--abort", "--json"])
    assert done.exit_code == 0, done.output
    assert [json.loads(line) for line in done.stdout.splitlines()] == [{"event": "ended"}]
    assert "rs9: no longer" in done.stderr
