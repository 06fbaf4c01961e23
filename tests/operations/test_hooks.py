"""Hooks around steps: they get the object, may say no before, and undo nothing after."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from provisioning.cli.commands.drain import drain
from provisioning.cli.commands.history import history
from provisioning.cli.views.plan import show_plans
from provisioning.engine.journal import runs
from provisioning.engine.plan import HostPlan, PlannedHandler
from provisioning.model.hooks import Hooks as HookCommands
from provisioning.operations.cluster import fleet as cluster_fleet
from provisioning.operations.cluster.cluster import Cluster
from provisioning.operations.deploy import deploy as deploying
from provisioning.operations.drain.foreseen import hooked_steps
from provisioning.operations.errors import OperationError
from provisioning.operations.hooks.hooks import Hooks, StoppedByHookError, foreseen
from provisioning.operations.maintain.ssh_hosts import SSHHosts
from provisioning.operations.maintain.work import Work
from provisioning.operations.notifying.program import HookError, run_program
from provisioning.operations.planning import Plans
from provisioning.operations.rolling.errors import ActionError
from provisioning.operations.rolling.run_status import RunStatus
from provisioning.operations.rolling_upgrade.options import UpgradeOptions
from provisioning.operations.rolling_upgrade.ssh.cluster import SSHCluster
from provisioning.operations.rolling_upgrade.state import NodeStatus
from provisioning.operations.run.run import journaled_run
from provisioning.resources.base import Handler
from provisioning.transport.base import Transport
from tests.operations.operating import operation
from tests.operations.rolling_upgrade.runs import resume, run
from tests.operations.rolling_upgrade.test_runs import QUICK, assert_as_before, three
from tests.operations.sandbox_cluster import SandboxCluster, sandbox_cluster


def program(path: Path, script: str) -> Path:
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def hooks(folder: Path, **commands: dict[str, str]) -> Hooks:
    return Hooks(
        commands=HookCommands.model_validate({**commands, "timeout": 20}),
        folder=folder,
        context={"cluster": "语音"},
    )


def told(folder: Path) -> list[dict[str, Any]]:
    path = folder / "told"
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    return [json.loads(line) for line in lines]


KEEP = "cat >> told; echo >> told"


def test_the_program_gets_the_object_in_the_inventorys_folder(tmp_path: Path) -> None:
    program(tmp_path / "ask", KEEP)
    hooks(tmp_path, before={"drain": "./ask 'a b'"}).before("drain", "rs1", reason="换内存条")
    (got,) = told(tmp_path)
    assert got.pop("time")
    assert got == {
        "cluster": "语音",
        "event": "before",
        "step": "drain",
        "host": "rs1",
        "reason": "换内存条",
    }


def test_a_no_has_its_words_and_its_host_and_no_arguments(tmp_path: Path) -> None:
    program(tmp_path / "ask", "echo 窗口在22:00; echo see ticket >&2; exit 3")
    ours = hooks(tmp_path, before={"upgrade": "./ask --token geheim"})
    with pytest.raises(StoppedByHookError) as refused:
        ours.before("upgrade", "rs1")
    assert str(refused.value) == (
        "rs1: before upgrade: ./ask … said no (status 3): 窗口在22:00 / see ticket. "
        "--skip-hooks REASON goes on without hooks"
    )


@pytest.mark.parametrize("command", ["./nowhere", "no-such-program-anywhere"])
def test_one_that_cannot_be_asked_stops_the_step_too(command: str, tmp_path: Path) -> None:
    with pytest.raises(StoppedByHookError, match="cannot be run"):
        hooks(tmp_path, before={"deploy": command}).before("deploy")


def test_one_that_takes_too_long_is_ended_with_what_it_started(tmp_path: Path) -> None:
    path = program(tmp_path / "slow", "sleep 600 & echo $! > child; wait")
    child = tmp_path / "child"
    for seconds in (0.5, 5, 50):
        with pytest.raises(HookError, match=f"slow took more than {seconds:g} s and was ended"):
            run_program([str(path)], {}, timeout=seconds, folder=tmp_path)
        if child.exists() and child.read_text().strip():
            break
    stat = Path(f"/proc/{child.read_text().strip()}/stat")
    end = time.monotonic() + 60
    # Whoever inherits it may not have collected it.
    while stat.exists() and stat.read_text().split()[2] not in ("Z", "X"):
        assert time.monotonic() < end
        time.sleep(0.05)


def test_what_it_leaves_running_is_not_waited_for(tmp_path: Path) -> None:
    path = program(tmp_path / "ask", "sleep 3 & echo said; exit 4")
    ended = run_program([str(path)], {"text": "x" * 1_000_000}, timeout=60)
    assert (ended.status, ended.said) == (4, "said")


def test_the_end_of_many_words_counts(tmp_path: Path) -> None:
    path = program(tmp_path / "ask", "seq 100000; printf 'the \\033[31mreason\\n'")
    said = run_program([str(path)], {}, timeout=60).said
    assert said.endswith("/ the [31mreason") and len(said) <= 500


def test_after_a_step_what_goes_wrong_is_told_and_undoes_nothing(tmp_path: Path) -> None:
    program(tmp_path / "tell", f"{KEEP}; echo no ticket system; exit 1")
    complaints: list[str] = []
    ours = replace(hooks(tmp_path, after={"deploy": "./tell"}), complain=complaints.append)
    with ours.around("deploy", hosts=["rs1"]) as outcome:
        outcome.ok = True
    assert told(tmp_path)[0]["ok"] is True and told(tmp_path)[0]["hosts"] == ["rs1"]
    assert complaints == ["after deploy: ./tell ended with status 1: no ticket system"]
    with pytest.raises(KeyError), ours.around("deploy"):
        raise KeyError("broken")
    assert (told(tmp_path)[1]["ok"], told(tmp_path)[1]["text"]) == (False, "'broken'")
    assert len(ours.failures) == 2


def test_skipped_ones_are_not_run(tmp_path: Path) -> None:
    program(tmp_path / "ask", f"{KEEP}; exit 1")
    ours = hooks(tmp_path, before={"deploy": "./ask"}, after={"deploy": "./ask"})
    ours = replace(ours, skipped="fire")
    with ours.around("deploy"):
        pass
    assert told(tmp_path) == []
    assert ours.foreseen(["deploy"]) == ("hooks are skipped: fire",)
    assert ours.foreseen(["drain"]) == ()


@dataclass
class Commands:
    """Commands on a cluster of folders, with an inventory that has hooks."""

    sandbox: SandboxCluster
    path: Path

    def invoke(self, command: click.Command, *words: str) -> Result:
        return CliRunner().invoke(command, ["-i", str(self.path), *words])

    @property
    def drained(self) -> bool:
        return "rs1" in Cluster(self.sandbox.inventory, self.path).runtime.drains


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Commands]:
    with sandbox_cluster(tmp_path) as made:
        made.deploy()

        def connect(name: str, *_: object, **__: object) -> Transport:
            return made.hosts[name]

        monkeypatch.setattr(cluster_fleet, "connect", connect)
        asked = {"before": {"drain": "./ask"}, "after": {"drain": "./tell"}}
        hooked = made.inventory.model_copy(update={"hooks": HookCommands.model_validate(asked)})
        # Its addresses are loopback's, which no file may have.
        for command in ("drain", "history"):
            place = f"provisioning.cli.commands.{command}.load_or_exit"
            monkeypatch.setattr(place, lambda _: hooked)
        place = "provisioning.cli.commands.drain.wait_until_idle"
        monkeypatch.setattr(place, lambda *_, **__: None)
        yield Commands(made, made.cluster.path)


def test_a_drain_that_is_not_allowed_touches_nothing(commands: Commands, tmp_path: Path) -> None:
    program(tmp_path / "ask", f"{KEEP}; echo in use by training; exit 1")
    done = commands.invoke(drain, "rs1")
    assert isinstance(done.exception, OperationError)
    assert "rs1: before drain: ./ask said no (status 1): in use by training" in str(done.exception)
    assert not commands.drained and not commands.sandbox.mark("rs1").exists()
    (got,) = told(tmp_path)
    assert got["operation"] == "drain" and got["run"] and "@" in got["who"]
    (record,) = runs(Cluster(commands.sandbox.inventory, commands.path).history_dir)
    assert record.result == "refused"
    shown = commands.invoke(history, "show", record.id).stdout
    assert "rs1: before drain: ./ask: status 1 in use by training" in shown


def test_a_drain_is_asked_for_once_and_told(commands: Commands, tmp_path: Path) -> None:
    program(tmp_path / "ask", KEEP)
    program(tmp_path / "tell", f"{KEEP}; exit 7")
    done = commands.invoke(drain, "--json", "--reason", "内存", "rs1")
    assert done.exit_code == 0, done.output
    assert commands.drained
    assert json.loads(done.stdout)["hook_failures"] == [
        "rs1: after drain: ./tell ended with status 7: without a word"
    ]
    assert "after drain: ./tell" in done.stderr
    # It is out already: nothing is left to ask for.
    assert commands.invoke(drain, "--no-wait", "rs1").exit_code == 0
    assert [(one["event"], one["reason"]) for one in told(tmp_path)] == [
        ("before", "内存"),
        ("after", "内存"),
    ]


def test_why_hooks_were_skipped_is_in_the_history(commands: Commands, tmp_path: Path) -> None:
    program(tmp_path / "ask", "exit 1")
    assert commands.invoke(drain, "--skip-hooks", " ", "rs1").exit_code == 2
    assert commands.invoke(drain, "--no-wait", "--skip-hooks", "rs1 burns", "rs1").exit_code == 0
    (summary,) = json.loads(commands.invoke(history, "--json").stdout)
    assert summary["hooks_skipped"] == "rs1 burns"
    assert "hooks skipped: rs1 burns" in commands.invoke(history, "show", summary["id"]).stdout


def test_a_deploy_is_asked_for_where_it_changes_anything(
    sandbox_operation: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "ask", f"{KEEP}; exit 1")
    op = replace(sandbox_operation, hooks=hooks(tmp_path, before={"deploy": "./ask"}))
    plans = Plans()
    carried_out: list[Plans] = []

    def carry_out(_: object, wanted: Plans) -> bool:
        carried_out.append(wanted)
        return True

    monkeypatch.setattr(deploying._Deploy, "plan", lambda _: plans)
    monkeypatch.setattr(deploying._Deploy, "carry_out", carry_out)
    options: Any = type("Options", (), {"cleans": False})
    assert deploying.deploy(op, options)
    assert told(tmp_path) == [] and carried_out == [plans]
    plans.hosts["rs1"] = HostPlan("rs1", handlers=(PlannedHandler(Handler("restart", ":"), ()),))
    with pytest.raises(StoppedByHookError, match=r"before deploy: \./ask said no"):
        deploying.deploy(op, options)
    assert len(carried_out) == 1 and told(tmp_path)[0]["hosts"] == ["rs1"]


@pytest.fixture
def sandbox_operation(tmp_path: Path) -> Any:
    folder = tmp_path / "cluster"
    folder.mkdir()
    made = SandboxCluster(folder, 1)
    return operation(made.cluster, made.fleet())


def test_an_upgrade_asks_for_each_node_and_its_drain(
    sandbox_operation: Any, tmp_path: Path
) -> None:
    program(tmp_path / "ask", KEEP)
    program(tmp_path / "busy", f"{KEEP}; echo busy; exit 1")
    ours = hooks(tmp_path, before={"upgrade": "./ask", "drain": "./busy"})
    hands = SSHCluster(
        op=replace(sandbox_operation, hooks=ours),
        options=UpgradeOptions(),
        target="2.0-new",
        release=None,
        own=True,
    )
    with pytest.raises(ActionError, match=r"rs1: before drain: \./busy said no .* busy"):
        hands.ask_hooks("rs1")
    hands.ask_hooks("lvs1")
    asked = [(one["step"], one["host"], one["target"]) for one in told(tmp_path)]
    assert asked == [
        ("upgrade", "rs1", "2.0-new"),
        ("drain", "rs1", "2.0-new"),
        ("upgrade", "lvs1", "2.0-new"),
    ]


def test_a_maintenance_asks_once_for_a_drain_and_for_no_upgrade(tmp_path: Path) -> None:
    program(tmp_path / "ask", KEEP)
    asked = {"upgrade": "./ask", "drain": "./ask"}
    ours = hooks(tmp_path, before=asked, after=asked)
    with sandbox_cluster(tmp_path) as made:
        made.deploy()
        with journaled_run(made.cluster, ["maintain"]) as begun:
            hands = SSHHosts(
                op=replace(operation(made.cluster, made.fleet(), begun), hooks=ours),
                options=UpgradeOptions(),
                work=Work(run="apt-get -y 升级"),
            )
            hands.ask_hooks("rs1")
            hands.drain("rs1", "")
            hands.settle("rs1")
            # It is drained already, and stays so.
            hands.ask_hooks("rs1")
    said = [(one["event"], one["step"], one["host"], one["reason"]) for one in told(tmp_path)]
    reason = f"maintenance: {Work(run='apt-get -y 升级')}"
    assert said == [("before", "drain", "rs1", reason), ("after", "drain", "rs1", reason)]


def test_a_node_that_must_not_be_upgraded_stops_the_run_until_it_may(tmp_path: Path) -> None:
    cluster = three(trouble=lambda action, host: "no window" if action == "hooks" else "")
    upgrade = run(cluster, tmp_path, QUICK)
    assert upgrade.status is RunStatus.STOPPED
    assert_as_before(cluster)
    assert not {action for action, _ in cluster.said} & {"drain", "stop", "switch"}
    assert "no window" in upgrade.node("rs1").reason
    cluster.trouble = lambda action, host: ""
    assert {node.status for node in resume(cluster, tmp_path).nodes} == {NodeStatus.UPGRADED}


def test_a_plan_says_what_will_be_asked(capsys: pytest.CaptureFixture[str]) -> None:
    commands = HookCommands.model_validate(
        {"before": {"deploy": "./check-change-window"}, "after": {"drain": "tell --token geheim"}}
    )
    plans = Plans(drained_first=["rs1"])
    assert hooked_steps(plans) == []
    plans.hosts["rs1"] = HostPlan("rs1", handlers=(PlannedHandler(Handler("restart", ":"), ()),))
    assert foreseen(commands, hooked_steps(plans)) == (
        "before deploy: ./check-change-window",
        "after drain: tell …",
    )
    plans.hosts.clear()
    plans.hooks = foreseen(commands, ["deploy"])
    show_plans(Console(), plans)
    assert "before deploy: ./check-change-window" in capsys.readouterr().out
