"""``cluster rolling-upgrade`` as typed: what it refuses, and what it shows."""

import io
import json
import time
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from provisioning.cli import running as command_line
from provisioning.cli.views.upgrade import (
    JsonLines,
    LiveTable,
    PlainLog,
    plan_record,
    show_downtimes,
    show_end,
    show_plan,
)
from provisioning.engine.lock import cluster_lock
from provisioning.operations.rolling.events import RunEvent
from provisioning.operations.rolling.run_status import RunStatus
from provisioning.operations.rolling_upgrade import state_file
from provisioning.operations.rolling_upgrade.downtime import downtimes
from provisioning.operations.rolling_upgrade.options import UpgradeOptions
from provisioning.operations.rolling_upgrade.phases import SEQUENCES
from provisioning.operations.rolling_upgrade.state import Node, NodeStatus, Upgrade

INVENTORY = """\
name: speech
vip: 192.0.2.100/24
interface: eth0
ssh: {host: 127.0.0.1, port: 1, known_hosts_file: known_hosts, connect_timeout: 2}
directors: {hosts: {lvs1: 192.0.2.11, lvs2: 192.0.2.12}}
real_servers: {hosts: {rs1: 192.0.2.101, rs2: 192.0.2.102}}
"""


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    path = tmp_path / "inventory.yaml"
    path.write_text(INVENTORY, encoding="utf-8")
    return path


def typed(inventory: Path, *words: str) -> Result:
    return CliRunner().invoke(
        command_line.cluster, ["rolling-upgrade", "-i", str(inventory), *words]
    )


def state_dir(inventory: Path) -> Path:
    return inventory.parent / ".cluster" / "speech"


def node(host: str = "rs1", **fields: object) -> Node:
    return Node(**{"host": host, "role": "real_server", "batch": 1, "old": "1.0", **fields})  # type: ignore[arg-type]


def upgrade(*nodes: Node, status: RunStatus = RunStatus.RUNNING) -> Upgrade:
    return Upgrade("id", "2.0", {"to": ""}, UpgradeOptions(), nodes or (node(),), "now", status)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--batch", "0"), "'0' is not a batch"),
        (("--batch", "1/2"), "write a number from 1, 1% to 100%, or a label"),
        (("--soak", "soon"), "'soon' is not a time"),
        (("--max-out", "0"), "'0' is no number of nodes; write a number from 1, or 1% to 100%"),
        (("--max-out", ""), "'' is no number of nodes"),
        (("--max-out", "rack"), "'rack' is no number of nodes"),
        (("--batch", "1", "--max-out", "2", "--check"), "--batch and --max-out exclude each other"),
        (("--slow-start", "50,10"), "the shares must grow"),
        (("--on-deadline", "pray"), "'wait', 'kill', 'stop'"),
        (("--webhook", "ftp://x"), "http:// or https://"),
        (("--notify-command", "tell 'them"), "a quote is not closed"),
        (("--check", "--resume"), "exclude each other"),
        (("--resume", "--to", "v2"), "hosts and release of that run"),
        (("--check", "--limit", "rs9"), "rs9"),
        (("--yes", "--to", "v2"), "no tags or branches"),
        ((), "there is no terminal to ask on; say --yes"),
    ],
)
def test_what_is_typed_wrong_is_told_with_the_fix(
    inventory: Path, words: tuple[str, ...], said: str
) -> None:
    done = typed(inventory, *words)
    assert done.exit_code == 2, done.output
    assert said in done.output


def test_there_must_be_something_to_pause_resume_or_give_up(inventory: Path) -> None:
    for option, said in (
        ("--pause", "no upgrade is under way here"),
        ("--resume", "no upgrade to resume"),
        ("--abort", "no upgrade to resume"),
    ):
        done = typed(inventory, option)
        assert done.exit_code == 1
        assert said in str(done.exception)


def test_a_run_that_is_over_is_not_resumed(inventory: Path) -> None:
    state_file.save(state_dir(inventory), upgrade(status=RunStatus.FINISHED))
    assert "is finished" in str(typed(inventory, "--resume").exception)
    state_file.save(state_dir(inventory), upgrade(status=RunStatus.ABORTED))
    assert "was aborted" in str(typed(inventory, "--resume").exception)


def test_no_new_run_while_a_node_is_in_the_middle(inventory: Path) -> None:
    state_file.save(state_dir(inventory), upgrade(node(status=NodeStatus.UNDER_WAY)))
    done = typed(inventory, "--yes")
    assert done.exit_code == 1
    assert "rs1 under way; --resume continues, --abort" in str(done.exception)


def test_a_second_operator_is_told_who_is_at_work_and_may_ask_for_a_pause(inventory: Path) -> None:
    with cluster_lock(state_dir(inventory), "anna@desk run 1"):
        done = typed(inventory, "--yes")
        assert "anna@desk run 1" in str(done.exception)
        assert typed(inventory, "--pause").exit_code == 0
        assert state_file.pause_request(state_dir(inventory)).asked


def test_a_damaged_state_is_told(inventory: Path) -> None:
    state_dir(inventory).mkdir(parents=True)
    (state_dir(inventory) / "rolling-upgrade.json").write_text("{")
    done = typed(inventory, "--resume")
    assert done.exit_code == 1 and "move the file away" in str(done.exception)


def test_a_webhook_that_is_no_secret_is_refused_in_the_inventory(inventory: Path) -> None:
    inventory.write_text(f"{INVENTORY}notify: {{webhook: https://hooks.example.com/x}}\n")
    done = typed(inventory, "--check")
    assert done.exit_code == 2
    assert "hooks.example.com" not in done.output


def test_the_inventorys_hook_must_be_one(inventory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEAM_WEBHOOK", "not a url")
    inventory.write_text(f"{INVENTORY}notify: {{webhook: {{env: TEAM_WEBHOOK}}}}\n")
    done = typed(inventory, "--check")
    assert done.exit_code == 2 and "http:// or https://" in done.output


STORY = (
    RunEvent("batch", text="batch 1: rs1", facts={"batch": 1}),
    RunEvent("phase", "rs1", "drain", "draining"),
    RunEvent("waiting", "rs1", "drain", "2 jobs, 0 open requests left", {"jobs": 2}),
    RunEvent("waiting", "rs1", "drain", "2 jobs, 0 open requests left", {"jobs": 2}),
    RunEvent("phase_done", "rs1", "drain", "draining", {"seconds": 12.34}),
    RunEvent("waiting", "rs1", "soak", "9 s more to watch", {"seconds_left": 9}),
    RunEvent("waiting", "rs1", "soak", "6 s more to watch", {"seconds_left": 6}),
    RunEvent("phase_failed", "rs1", "soak", "它没有声音"),
    RunEvent("undo", "rs1", "soak", "undoing: watching it at work"),
    RunEvent("rolled_back", "rs1", "", "as it was before"),
)


def test_a_log_has_a_line_for_each_thing_and_none_twice() -> None:
    console = Console(file=io.StringIO(), width=200)
    log = PlainLog(console)
    for event in STORY:
        log(event)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert text.count("2 jobs, 0 open requests left") == 1
    assert text.count("more to watch") == 1
    assert "rs1: done: draining (12.3 s)" in text
    assert "rs1: FAILED: 它没有声音" in text


def test_machines_get_an_object_an_event(capsys: pytest.CaptureFixture[str]) -> None:
    lines = JsonLines()
    for event in STORY:
        lines(event)
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(found) == len(STORY)
    assert found[2]["jobs"] == 2 and found[2]["event"] == "waiting" and "time" in found[2]
    assert found[7]["text"] == "它没有声音"


def test_a_table_shows_where_each_node_is() -> None:
    table = LiveTable([node("rs1"), node("rs2")])
    console = Console(file=io.StringIO(), width=120)
    for event in STORY[:3]:
        table(event)
    console.print(table)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "drain: 2 jobs, 0 open requests left" in text and "waiting" in text
    for event in STORY[3:]:
        table(event)
    console.print(table)
    assert "FAILED: 它没有声音" in console.file.getvalue()  # type: ignore[attr-defined]


def test_the_end_says_who_is_where_and_what_it_took() -> None:
    seconds = {"drain": 3.0, "stop": 1.0, "start": 2.0, "warm": 4.0}
    whole = {f"{name} phase": value + 0.5 for name, value in seconds.items()}
    done = node("rs1", status=NodeStatus.UPGRADED, seconds={**seconds, **whole})
    bad = node("rs2", status=NodeStatus.ROLLED_BACK, reason="没有声音")
    console = Console(file=io.StringIO(), width=120)
    show_downtimes(console, downtimes(upgrade(done, bad)))
    show_end(console, upgrade(done, bad))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "10.0" in text and "12.0" in text and "1.20" in text
    assert "upgraded: rs1" in text and "rolled back: rs2" in text and "rs2: 没有声音" in text


def test_a_plan_says_what_every_phase_would_do() -> None:
    console = Console(file=io.StringIO(), width=200)
    canary = node("rs1", canary=True)
    show_plan(console, upgrade(canary, Node("lvs1", "director", 2)), ["3 jobs run"])
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "batch 1: rs1, canary" in text and "switch 1.0 -> 2.0" in text
    assert "note: 3 jobs run" in text and "batch 2: lvs1" in text


def test_a_plan_of_a_window_says_how_many_are_out_and_how_long_it_takes() -> None:
    nodes = (node("rs1", canary=True), *(node(f"rs{n}", batch=2) for n in range(2, 6)))
    took = dict.fromkeys(SEQUENCES["real_server"], 10.0)
    planned = replace(upgrade(*nodes), expected=took, options=UpgradeOptions(max_out="50%"))
    console = Console(file=io.StringIO(), width=200)
    show_plan(console, planned, [])
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "batch 1: rs1, canary" in text and "window, 2 out at most: rs5" in text
    assert "It takes about 5 min if nodes take as long as in the last upgrade." in text
    record = plan_record(planned, [])
    # Staging, the canary, and two times two of the others, of whom the last are watched.
    assert (record["max_out"], record["seconds"]) == (2, 10 + 70 + 90 + 2 * 70 + 15)
    batches = plan_record(upgrade(*nodes), [])
    assert (batches["max_out"], batches["seconds"]) == (None, None)


def test_a_forecast_is_a_line_of_the_log_and_counts_down_in_the_table(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    event = RunEvent(
        "forecast",
        text="1 of 3 nodes done, about 10 min left",
        facts={"seconds_left": 600.0, "nodes_done": 1, "nodes": 3},
    )
    table, console = LiveTable([node("rs1")]), Console(file=io.StringIO(), width=120)
    PlainLog(console)(event)
    table(event)
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 300)
    console.print(table)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "1 of 3 nodes done, about 10 min left" in text
    assert "1 of 3 nodes done, about 5 min left" in text
