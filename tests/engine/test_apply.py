"""The apply script on a real shell: all, or nothing, or told so."""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from provisioning.engine import plan as planning
from provisioning.engine.apply import HostResult, apply_plan, await_postconditions
from provisioning.engine.observe import observe_and_plan
from provisioning.engine.plan import HostPlan
from provisioning.engine.progress import Event, Progress, silent
from provisioning.engine.script import apply_script, token
from provisioning.resources.base import Handler, Postcondition, Requirement
from tests.engine.marks import Mark
from tests.engine.sandbox import SandboxTransport


class Host:
    """One host, seen the way the engine sees it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.transport = SandboxTransport(folder)
        self.log = folder / "log"

    def mark(self, name: str, value: str = "1", **more: object) -> Mark:
        return Mark(self.folder / name, value, self.log, **more)  # type: ignore[arg-type]

    def handler(self, name: str, command: str = ":") -> Handler:
        return Handler(name, f"echo handler:{name} >> {self.log}\n{command}")

    def plan(self, *marks: Mark, needs: tuple[Requirement, ...] = ()) -> HostPlan:
        return observe_and_plan("h", self.transport, needs, marks, {})[0]

    def apply(self, *marks: Mark, events: list[Event] | None = None) -> HostResult:
        watch: Progress = events.append if events is not None else silent
        return apply_plan(
            self.plan(*marks), self.transport, run_id="r1", holder="me", progress=watch
        )

    def script(self, *marks: Mark) -> str:
        plan = self.plan(*marks)
        return apply_script(
            plan.script_steps(),
            [(h.handler.name, h.handler.command) for h in plan.handlers],
            run_id="r2",
            holder="another@desk",
            manifest_during=plan.manifest_during,
            manifest_after=plan.manifest_after,
            marker=token(),
        )

    def wait_for_holder(self) -> None:
        holder = self.transport.state / "holder"
        self.wait_until(lambda: holder.exists() and holder.read_text())

    def wait_until(self, condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + 60
        while not condition():
            assert time.monotonic() < deadline
            time.sleep(0.01)

    @property
    def said(self) -> list[str]:
        return self.log.read_text().split() if self.log.exists() else []

    @property
    def files(self) -> set[str]:
        return {path.name for path in self.folder.iterdir()} - {"state", "log"}


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def test_changes_in_order_then_each_handler_once(host: Host) -> None:
    reload = host.handler("reload")
    events: list[Event] = []
    result = host.apply(
        host.mark("a", triggers=(reload,)), host.mark("b", triggers=(reload,)), events=events
    )
    assert result.outcome == "changed"
    assert host.said == ["apply:a", "apply:b", "handler:reload"]
    assert [(e.number, e.total) for e in events if e.kind == "step"] == [(1, 3), (2, 3), (3, 3)]


def test_step_tells_how_far_it_is(host: Host) -> None:
    events: list[Event] = []
    tells = host.mark("a", before_apply="tell 'half of it'; echo printed; env | grep MARKER || :")
    result = host.apply(tells, host.mark("b"), events=events)
    assert result.steps[0].output == "printed"
    steps = [(event.text, event.number) for event in events if event.kind == "step"]
    assert steps == [("mark:a:  -> 1", 1), ("half of it", 1), ("mark:b:  -> 1", 2)]


def test_second_time_there_is_nothing_to_do(host: Host) -> None:
    host.apply(host.mark("a"))
    plan = host.plan(host.mark("a"))
    assert not plan.changes
    assert not plan.first_time


def test_a_failing_step_takes_everything_back_newest_first(host: Host) -> None:
    result = host.apply(host.mark("a"), host.mark("b"), host.mark("c", fails=True))
    assert result.outcome == "failed"
    assert "mark:c" in result.message
    assert "the disk is on fire" in result.message
    assert "taken back" in result.message
    assert host.said[3:] == ["undo:c", "undo:b", "undo:a"]
    assert host.files == set()


def test_a_failing_handler_takes_files_back_and_runs_again_on_the_old_ones(host: Host) -> None:
    host.apply(host.mark("config", "good"))
    check = host.handler("reload", f'grep -q good "{host.folder}/config"')
    result = host.apply(host.mark("config", "bad", triggers=(check,)))
    assert result.outcome == "failed"
    assert (host.folder / "config").read_text() == "good\n"
    assert host.said[1:] == ["apply:config", "handler:reload", "undo:config", "handler:reload"]


def test_an_undo_that_fails_is_told(host: Host) -> None:
    broken = host.mark("b", fails=True)
    plan = host.plan(host.mark("a"), broken)
    steps = plan.script_steps()
    assert steps[0].undo
    # The log becomes a folder, so that the undo of a cannot write to it.
    mark = host.mark("a", before_apply=":")
    jam = host.mark("b", fails=True, before_apply=f"rm {host.log}; mkdir {host.log}")
    result = host.apply(mark, jam)
    assert result.outcome == "failed"
    assert "could not be taken back" in result.message


def test_what_leaves_the_inventory_is_removed(host: Host) -> None:
    host.apply(host.mark("a"), host.mark("b"))
    plan = host.plan(host.mark("a"))
    assert [(s.id, s.change.summary) for s in plan.steps] == [("mark:b", planning.REMOVE)]
    assert host.apply(host.mark("a")).outcome == "changed"
    assert host.files == {"a"}
    assert not host.plan(host.mark("a")).changes


def test_removing_everything_leaves_nothing_newest_first(host: Host) -> None:
    host.apply(host.mark("a"), host.mark("b"))
    assert host.apply().outcome == "changed"
    assert host.said[2:] == ["remove:b", "remove:a"]
    assert host.files == set()
    assert not host.transport.state.exists()


def test_a_started_service_needs_no_restart(host: Host) -> None:
    restart = host.handler("restart x")
    service = host.mark("service", supersedes=frozenset({"restart x"}))
    host.apply(host.mark("config", triggers=(restart,)), service)
    assert host.said == ["apply:config", "apply:service"]


def test_a_restart_takes_up_what_a_reload_would(host: Host) -> None:
    reload = host.handler("reload")
    restart = replace(host.handler("restart"), supersedes=frozenset({"reload"}))
    host.apply(host.mark("config", triggers=(reload,)), host.mark("unit", triggers=(restart,)))
    assert host.said == ["apply:config", "apply:unit", "handler:restart"]


def test_killed_between_change_and_handler_the_next_run_runs_it(host: Host) -> None:
    reload = host.handler("reload")
    slow = host.mark("b", before_apply="sleep 30")
    process = host.transport.start(host.script(host.mark("a", triggers=(reload,)), slow))
    # Its name stands in the log a moment before it is made.
    made = host.folder / "a"
    host.wait_until(lambda: made.exists() and made.read_text() == "1\n")
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    plan = host.plan(host.mark("a", triggers=(reload,)), host.mark("b"))
    assert plan.unfinished_by == "another@desk"
    assert [step.id for step in plan.steps] == ["mark:b"]
    assert [planned.handler.name for planned in plan.handlers] == ["reload"]
    host.apply(host.mark("a", triggers=(reload,)), host.mark("b"))
    assert host.said == ["apply:a", "apply:b", "handler:reload"]
    after = host.plan(host.mark("a"), host.mark("b"))
    assert not after.changes
    assert after.unfinished_by is None


def test_the_control_machine_goes_away_and_the_host_finishes(host: Host) -> None:
    process = host.transport.start(
        host.script(host.mark("a", before_apply="sleep 0.5"), host.mark("b"))
    )
    assert process.stdout and process.stderr
    process.stdout.close()
    process.stderr.close()
    host.wait_for_holder()
    os.kill(process.pid, signal.SIGHUP)
    process.wait(timeout=60)
    assert host.files == {"a", "b"}
    assert not host.plan(host.mark("a"), host.mark("b")).changes


def test_two_at_once_the_second_is_told_who(host: Host) -> None:
    # It goes on once the second has been told.
    told = host.transport.state / "told"
    wait = f"until [ -e '{told}' ]; do sleep 0.05; done"
    process = host.transport.start(host.script(host.mark("a", before_apply=wait)))
    host.wait_for_holder()
    result = host.apply(host.mark("b"))
    told.touch()
    process.communicate()
    assert result.outcome == "locked"
    assert "another@desk" in result.message
    assert host.files == {"a"}


def test_a_daemon_started_by_a_step_does_not_keep_the_lock(host: Host) -> None:
    daemon = host.mark("a", before_apply="sleep 5 >/dev/null 2>&1 &")
    host.apply(daemon)
    assert host.apply(host.mark("a"), host.mark("b")).outcome == "changed"


@pytest.mark.parametrize("share", [0.05, 0.3, 0.6, 0.9, 0.97, 0.99])
def test_a_script_cut_in_transfer_runs_nothing(host: Host, share: float) -> None:
    script = host.script(host.mark("a"), host.mark("b"))
    process = host.transport.start(script[: int(len(script) * share)])
    process.communicate()
    assert process.returncode != 0
    assert host.files == set()
    assert not host.transport.state.exists()


def test_unmet_requirements_block_and_say_what_was_found(host: Host) -> None:
    need = Requirement("a door", "echo only a window; exit 1", "build one")
    plan = host.plan(host.mark("a"), needs=(need,))
    assert plan.blocked
    assert plan.unmet == ((need, "only a window"),)


def test_postconditions_wait_and_time_out(host: Host) -> None:
    flag = host.folder / "flag"
    condition = Postcondition(
        "the flag", f"echo not yet; [ -e {flag} ] || {{ touch {flag}; exit 1; }}", 10, "raise it"
    )
    assert await_postconditions("h", (condition,), host.transport, silent) is None
    never = Postcondition("the moon", "echo new moon; exit 1", 0, "wait a fortnight")
    message = await_postconditions("h", (never,), host.transport, silent)
    assert message == "the moon: not within 0 s (last answer: new moon); wait a fortnight"
