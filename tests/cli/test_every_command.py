"""All commands, each with what people get wrong: the status is README's, never a traceback, and
what ``--json`` prints is JSON."""

import json
import re
import sys
from pathlib import Path

import click
import pytest

from provisioning.cli.group import Commands
from provisioning.cli.main import main
from provisioning.cli.running import cluster
from provisioning.model.cluster_record import ClusterRecord
from provisioning.model.past_run import PastRun
from provisioning.operations.run.memory import Memory

_README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
_INVENTORY = """\
vip: 192.0.2.100
ssh: {host: 127.0.0.1, port: 1, known_hosts_file: known_hosts, connect_timeout: 2}
directors: {hosts: {lvs1: 192.0.2.11, lvs2: 192.0.2.12}}
real_servers: {hosts: {rs1: 192.0.2.101, rs2: 192.0.2.102}}
app: {secret: {env: CLUSTER_TEST_SECRET}}
monitoring: {hosts: {mon1: 192.0.2.61}}
"""

_WORDS = {
    # What each needs besides an inventory.
    "artifacts": ["list"],
    "certificates": ["status"],
    "rotate": ["secret", "--yes"],
    "state": ["show"],
    "bundle": ["create"],
    "deploy": ["--yes"],
    "destroy": ["--yes"],
    "rolling-upgrade": ["--yes"],
    "maintain": ["--yes", "--reboot"],
    "rollback": ["--yes"],
    "stop": ["--yes"],
    "restart": ["--yes"],
    "drain": ["rs1"],
    "undrain": ["rs1"],
    "exec": ["rs1", "--", "true"],
    "push": ["rs1", "inventory.yaml", "/nowhere/x"],
    "pull": ["rs1", "/etc/hostname", "pulled"],
    "ssh": ["rs1"],
    "logs": ["rs1"],
    "forget": ["rs9"],
}
_NO_INVENTORY = {"init", "schema", "explain", "lab"}
_COMMANDS = [*cluster.list_commands(click.Context(cluster)), "deploy --check"]


def documented(command: str) -> set[int]:
    """The statuses that README's table has for a command."""
    name = command.split()[0]
    row = next(
        line
        for line in _README.splitlines()
        if line.startswith("|") and re.search(rf"(?<![-\w])`?(cluster )?{name}\b[^|]*`", line)
    )
    return {int(number) for number in re.findall(r"\d+", row.rstrip("| ").rpartition("|")[2])}


def wrong_status(command: str) -> int:
    """Exit status for a wrong command line or inventory."""
    return 1 if command in ("plan", "deploy --check") else 2


def words_of(command: str) -> list[str]:
    name, *more = command.split()
    return [name, *more] if more else [name, *_WORDS.get(name, [])]


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> "Run":
    (tmp_path / "inventory.yaml").write_text(_INVENTORY, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CLUSTER_TEST_SECRET", "0123456789abcdef0123456789abcdef")
    return Run(monkeypatch, capsys)


class Run:
    """``cluster WORDS`` in this process and an empty folder."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch, self._capsys = monkeypatch, capsys

    def __call__(self, words: list[str]) -> tuple[int, str, str]:
        self._monkeypatch.setattr(sys, "argv", ["cluster", *words])
        self._capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = self._capsys.readouterr()
        assert "Traceback" not in err
        assert isinstance(ended.value.code, int)
        return ended.value.code, out, err


def has_json(command: str) -> bool:
    found = cluster.get_command(click.Context(cluster), command.split()[0])
    return found is not None and any("--json" in one.opts for one in found.params)


def values(out: str, *, lines: bool) -> list[object]:
    """Printed JSON values: one, or one a line."""
    return [json.loads(one) for one in (out.splitlines() if lines else [out])]


def with_option(words: list[str], *option: str) -> list[str]:
    # Options stand behind a group's own command.
    place = 2 if words[0] in ("artifacts", "bundle", "certificates", "rotate", "state") else 1
    return [*words[:place], *option, *words[place:]]


def test_the_list_of_commands_is_whole_on_a_terminal_of_80(run: Run) -> None:
    status, out, _ = run(["--help"])
    assert status == 0
    assert "..." not in out.replace("[ARGS]...", "") and max(map(len, out.splitlines())) <= 80
    assert isinstance(cluster, Commands)
    for name in _COMMANDS[:-1]:
        if isinstance(cluster.get_command(click.Context(cluster), name), click.Group):
            status, of_it, _ = run([name, "--help"])
            assert status == 0 and "..." not in of_it.replace("[ARGS]...", ""), name
    order = [out.index(f"\n  {name}  ") for name in _COMMANDS[:-1]]
    assert order == sorted(order)


@pytest.mark.parametrize("command", _COMMANDS)
def test_help_is_there(command: str, run: Run) -> None:
    status, out, _ = run([command.split()[0], "--help"])
    assert status == 0
    assert "Usage: cluster" in out


@pytest.mark.parametrize("command", _COMMANDS)
def test_a_wrong_option(command: str, run: Run) -> None:
    if command == "ssh":
        pytest.skip("ssh hands what it does not know to ssh")
    status, _, err = run([*command.split(), "--nonsense"])
    assert status == wrong_status(command), err
    assert status in documented(command)


@pytest.mark.parametrize("kind", ["missing", "wrong"])
@pytest.mark.parametrize("command", [one for one in _COMMANDS if one not in _NO_INVENTORY])
def test_a_wrong_inventory(command: str, kind: str, run: Run) -> None:
    if kind == "wrong":
        Path("other.yaml").write_text("vip: nonsense\n", encoding="utf-8")
    words = with_option(words_of(command), "-i", "other.yaml")
    status, out, err = run(words)
    assert status == wrong_status(command), err
    assert status in documented(command)
    assert "other.yaml" in err
    if has_json(command) and command != "deploy --check":
        again, out, _ = run(with_option(words, "--json"))
        assert again == status
        (value,) = values(out, lines=False)
        assert isinstance(value, dict) and value["diagnostics"]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        *[
            (name, [*words_of(name), "--limit", "nobody"])
            for name in ("plan", "deploy", "deploy --check", "releases", "rollback", "destroy")
        ],
        *[
            (name, [*words_of(name), "--limit", "nobody"])
            for name in ("start", "stop", "restart", "rolling-upgrade", "maintain", "doctor")
        ],
        *[(name, [name, "nobody"]) for name in ("drain", "undrain", "logs", "ssh")],
        ("exec", ["exec", "nobody", "--", "true"]),
        ("push", ["push", "nobody", "inventory.yaml", "/nowhere/x"]),
        ("pull", ["pull", "nobody", "/etc/hostname", "pulled"]),
        ("render", ["render", "--host", "nobody"]),
        ("switchover", ["switchover", "--to", "nobody"]),
        ("forget", ["forget", "rs1"]),
    ],
)
def test_a_wrong_host(command: str, words: list[str], run: Run) -> None:
    status, _, err = run(words)
    assert status == wrong_status(command), err
    assert status in documented(command)
    assert "nobody" in err or command == "forget"
    if has_json(command):
        again, out, _ = run(with_option(words, "--json"))
        assert again == status
        assert values(out, lines=False)


@pytest.mark.parametrize(
    "command", [one for one in _COMMANDS if one not in (_NO_INVENTORY | {"ssh"})]
)
def test_hosts_that_cannot_be_reached(command: str, run: Run) -> None:
    words = words_of(command)
    if command == "certificates":
        inventory = Path("inventory.yaml")
        inventory.write_text(f"{_INVENTORY}tls: {{authority: cluster}}\n", encoding="utf-8")
    status, _, err = run(words)
    well = {"artifacts", "validate", "render", "history", "support-bundle", "dashboard"}
    assert status == (0 if command in well else 1), err
    assert status in documented(command)
    if has_json(command) and command != "deploy --check":
        again, out, err = run(with_option(words, "--json"))
        assert again == status, err
        assert values(out, lines=command in ("logs", "rolling-upgrade"))


@pytest.mark.parametrize(
    "command",
    ["plan", "deploy --check", "validate", "render", "status", "verify", "releases", "doctor"],
)
def test_looking_writes_nothing(command: str, run: Run, tmp_path: Path) -> None:
    run(words_of(command))
    assert [path.name for path in tmp_path.iterdir()] == ["inventory.yaml"]


@pytest.mark.parametrize("command", ["logs", "exec", "history", "rolling-upgrade --check"])
def test_reading_writes_nothing(command: str, run: Run, tmp_path: Path) -> None:
    name, *more = command.split()
    run([name, *more] if more else words_of(name))
    assert [path.name for path in tmp_path.iterdir()] == ["inventory.yaml"]


@pytest.mark.parametrize(
    "command",
    ["deploy", "destroy", "rollback", "stop", "restart", "rolling-upgrade", "doctor --fix"],
)
def test_without_a_terminal_what_disturbs_hosts_needs_yes(
    command: str, run: Run, tmp_path: Path
) -> None:
    status, _, err = run(command.split())
    assert status == 2
    assert "there is no terminal to ask on; say --yes" in err
    assert not (tmp_path / ".cluster").exists()


def test_a_refused_run_is_refused_in_the_history(run: Run) -> None:
    assert run(["drain", "rs1"])[0] == 1
    (told,) = json.loads(run(["history", "--json"])[1])
    assert told["result"] == "refused"
    assert "no director can be reached" in told["reason"]
    assert "run" not in told["who"].split()
    assert "no director can be reached" in run(["history", "show", told["id"]])[1]


@pytest.mark.parametrize("words", [["--all"], ["--all", "--json"], ["--all", "show", "x"]])
def test_with_nobody_to_ask_it_is_not_said_that_nothing_was_done(
    words: list[str], run: Run
) -> None:
    status, out, err = run(["history", *words])
    assert status == 1
    assert "nobody who remembers the cluster can be asked: " in err
    assert out == "" or "lvs1: " in json.loads(out)["error"]


def test_with_nobody_to_ask_it_is_not_said_that_nothing_was_deployed(run: Run) -> None:
    status, out, _ = run(["state", "show"])
    assert status == 1 and "Nobody who remembers the cluster can be asked." in out
    assert "nothing" not in out and "no run" not in out


def test_a_run_from_elsewhere_is_asked_for(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = PastRun("20261201T050000Z-1234", "ana@there", "deploy", "2026-12-01T05:00:00Z", "ok")
    memory = Memory(ClusterRecord(history=(theirs,)), (), {}, {"lvs1": ""})
    monkeypatch.setattr("provisioning.cli.commands.history.remembered", lambda *_: memory)
    status, _, err = run(["history", "show", theirs.id])
    assert status == 1 and "no run" in err and "`cluster history` lists" in err
    status, _, err = run(["history", "--all", "show", theirs.id])
    assert status == 1 and "(deploy: ok) was run by ana@there from another folder" in err
    assert "`cluster history --all` lists" in run(["history", "--all", "show", "other"])[2]


def test_an_inventory_named_without_i(run: Run) -> None:
    assert run(["validate", "inventory.yaml"])[0] == 0
    status, _, err = run(["status", "inventory.yaml"])
    assert status == 2 and "an inventory is named with -i" in err


def test_hosts_are_named_once(run: Run) -> None:
    out = run(["plan"])[1]
    assert "lvs1: lvs1" not in out and "No changes" not in out
    assert out.splitlines()[-1] == "unreachable: lvs1, lvs2, rs1, rs2, mon1."
    _, out, err = run(["deploy", "--yes"])
    assert "lvs1: not changed: " in out and "lvs1: lvs1" not in out + err
    assert "not changed: lvs1" not in out
