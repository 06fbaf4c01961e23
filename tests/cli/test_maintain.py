"""``cluster maintain`` as typed: what it refuses, what it shows, what it asks."""

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from provisioning.cli import running as command_line
from provisioning.cli.maintain_dialogue import ConsoleMaintenanceDialogue
from provisioning.cli.views.maintenance import HostsTable, plan_record, show_end, show_plan
from provisioning.engine.lock import cluster_lock
from provisioning.operations.maintain import registration
from provisioning.operations.maintain.options import MaintenanceOptions
from provisioning.operations.maintain.planned import Planned
from provisioning.operations.maintain.registration import MaintenanceConflictError
from provisioning.operations.maintain.state import HostState, HostStatus, Maintenance
from provisioning.operations.maintain.work import Work
from provisioning.operations.rolling.events import RunEvent

INVENTORY = """\
name: speech
vip: 192.0.2.100/24
interface: eth0
ssh: {host: 127.0.0.1, port: 1, known_hosts_file: known_hosts, connect_timeout: 2}
directors: {hosts: {lvs1: 192.0.2.11, lvs2: 192.0.2.12}}
real_servers: {hosts: {rs1: 192.0.2.101, rs2: 192.0.2.102}}
clients: {hosts: {me: 192.0.2.201}}
"""


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    path = tmp_path / "inventory.yaml"
    path.write_text(INVENTORY, encoding="utf-8")
    return path


def typed(inventory: Path, *words: str) -> Result:
    return CliRunner().invoke(command_line.cluster, ["maintain", "-i", str(inventory), *words])


def planned(*hosts: HostState, notes: tuple[str, ...] = ()) -> Planned:
    work = Work(run="apt-get -y upgrade", script="x", script_name="驱动.sh", reboot=True)
    state = Maintenance("1", work, MaintenanceOptions(drain_timeout=30), hosts, "now")
    return Planned(state, notes, {1: 33, 2: 67})


def server(host: str, batch: int, **fields: object) -> HostState:
    return HostState(host, ("real_servers",), batch, **fields)  # type: ignore[arg-type]


def printed(show: object) -> str:
    console = Console(file=io.StringIO(), width=200)
    console.print(show)
    return console.file.getvalue()  # type: ignore[attr-defined,no-any-return]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--yes",), "say what to do: --run COMMAND, --script FILE or --reboot"),
        (("--reboot", "--resume"), "keep the hosts and the work"),
        (("--resume", "--limit", "rs1"), "keep the hosts and the work"),
        (("--resume", "--abort"), "exclude each other"),
        (("--reboot", "--retry", "--yes"), "go with --resume"),
        (("--reboot", "--cut", "again", "--yes"), "go with --resume"),
        (("--resume", "--cut", "maybe"), "'again', 'done', 'failed'"),
        (("--reboot", "--yes", "--limit", "me"), "only clients are meant"),
        (("--reboot", "--yes", "--limit", "rs9"), "rs9"),
        (("--reboot", "--yes", "--run-timeout", "soon"), "'soon' is not a time"),
        (("--reboot", "--yes", "--max-out", "0"), "write a number from 1, or 1% to 100%"),
        (("--reboot", "--check", "--batch", "2", "--max-out", "2"), "exclude each other"),
        (("--script", "no.sh", "--yes"), "'no.sh' does not exist"),
        (("--reboot",), "there is no terminal to ask on; say --yes"),
    ],
)
def test_what_is_typed_wrong_is_told_with_the_fix(
    inventory: Path, words: tuple[str, ...], said: str
) -> None:
    done = typed(inventory, *words)
    assert done.exit_code == 2, done.output
    assert said in done.output


def test_there_must_be_something_to_pause_resume_or_abort(inventory: Path) -> None:
    for option, said in (
        ("--pause", "no maintenance is under way here"),
        ("--resume", "no maintenance is unfinished"),
        ("--abort", "no maintenance is unfinished"),
    ):
        done = typed(inventory, option)
        assert done.exit_code == 1
        assert said in str(done.exception)


def test_a_run_under_way_may_be_asked_to_pause(inventory: Path) -> None:
    folder = inventory.parent / ".cluster" / "speech"
    with cluster_lock(folder, "anna@desk run 1"):
        assert typed(inventory, "--pause").exit_code == 0
    assert registration.pause_request(folder).asked


def test_a_plan_says_what_each_host_gets_and_what_it_costs() -> None:
    found = planned(
        server("rs1", 1, canary=True),
        server("rs2", 2),
        server("rs3", 2),
        HostState("lvs1", ("directors",), 3),
        notes=("nas1: rs1 writes to it",),
    )
    console = Console(file=io.StringIO(), width=200)
    show_plan(console, found)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "Maintenance: apt-get -y upgrade, then 驱动.sh, then reboot" in text
    assert "batch 1: rs1, canary (33% of the weight is out meanwhile)" in text
    assert "batch 2: rs2, rs3 (67%" in text and "batch 3: lvs1\n" in text
    assert "run: as root: apt-get -y upgrade, then the script 驱动.sh; 3600 s at most" in text
    assert "its drain (at most 30 s), the command (at most 60 min), the reboot (at mo" in text
    record = json.loads(json.dumps(plan_record(found)))
    assert record["hosts"][3]["percent_out"] is None
    steps = {host["host"]: [s.partition(":")[0] for s in host["steps"]] for host in record["hosts"]}
    assert steps["rs2"] == [
        "check", "drain", "stop", "run", "reboot", "come_back", "start", "warm", "gpus",
        "smoke_test", "restore", "soak",
    ]  # fmt: skip
    assert steps["lvs1"] == ["check", "hand_over", "run", "reboot", "come_back", "settle"]


def test_a_plan_of_a_window_says_how_many_are_out_together() -> None:
    servers = [server(f"rs{n}", 1 if n == 1 else 2, canary=n == 1) for n in range(1, 6)]
    batches = planned(*servers, HostState("lvs1", ("directors",), 3))
    options = MaintenanceOptions(max_out="40%")
    found = replace(batches, state=replace(batches.state, options=options))
    console = Console(file=io.StringIO(), width=200)
    show_plan(console, found)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "batch 1: rs1, canary" in text and "batch 3: lvs1\n" in text
    assert "window, 2 out at most: rs2, rs3, rs4, rs5 (67% of the weight is out meanwhile)" in text
    assert "in a window the next host begins when one is back" in text
    assert plan_record(found)["max_out"] == 2 and plan_record(batches)["max_out"] is None


def test_a_table_shows_the_hosts_at_work_and_the_last_lines() -> None:
    table = HostsTable(planned(server("rs1", 1), server("rs2", 2)).state)
    table(RunEvent("phase", "rs1", "run", "running the command"))
    table(RunEvent("output", "rs1", "run", "正在解包 linux-image"))
    assert "rs1: | 正在解包 linux-image" in printed(table) and "0 of 2 hosts" in printed(table)
    table(RunEvent("maintained", "rs1", "", "maintained"))
    text = printed(table)
    assert "1 of 2 hosts" in text and "running the command" not in text


def test_the_end_says_which_host_is_where_and_why() -> None:
    bad = server("rs2", 2, status=HostStatus.OUT, reason="没有 GPU")
    state = planned(server("rs1", 1, status=HostStatus.DONE), bad).state
    console = Console(file=io.StringIO(), width=120)
    show_end(console, state)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "maintained: rs1" in text and "failed: rs2" in text and "rs2: 没有 GPU" in text


def test_nobody_to_ask_about_a_command_that_was_cut_is_told_what_to_say() -> None:
    console = Console(file=io.StringIO())
    dialogue = ConsoleMaintenanceDialogue(console, yes=True, as_json=False)
    with pytest.raises(MaintenanceConflictError, match=r"rs1: its command was cut.*--cut again"):
        dialogue.decide(server("rs1", 1), "/var/lib/x")
    said = ConsoleMaintenanceDialogue(console, yes=True, as_json=False, cut="done")
    assert said.decide(server("rs1", 1), "/var/lib/x") == "done"
