"""A plan about some resources of a host leaves the others alone."""

from pathlib import Path

from provisioning.engine.apply import HostResult, apply_plan
from provisioning.engine.observe import observe_and_plan
from provisioning.engine.plan import HostPlan
from provisioning.engine.progress import silent
from provisioning.engine.script import parse_stored
from provisioning.resources.base import Handler
from tests.engine.marks import Mark
from tests.engine.sandbox import SandboxTransport


class Host:
    def __init__(self, folder: Path) -> None:
        self.folder, self.log = folder, folder / "log"
        self.transport = SandboxTransport(folder)

    def handler(self, name: str, command: str = ":") -> Handler:
        return Handler(name, f"echo {name} >> {self.log}\n{command}")

    def mark(self, name: str, value: str, *triggers: Handler) -> Mark:
        return Mark(self.folder / name, value, self.log, triggers=triggers)

    def plan(self, *marks: Mark, partial: bool) -> HostPlan:
        return observe_and_plan("h", self.transport, (), marks, {}, partial=partial)[0]

    def apply(self, *marks: Mark, partial: bool = False) -> HostResult:
        plan = self.plan(*marks, partial=partial)
        return apply_plan(plan, self.transport, run_id="r", holder="me", progress=silent)

    def managed(self) -> list[str]:
        text = (self.transport.state / "manifest").read_text()
        return [entry.id for entry in parse_stored(text)]

    def pending(self) -> list[str]:
        folder = self.transport.state / "pending"
        return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []

    def leave_pending(self, *handlers: Handler) -> None:
        """As a run leaves them that is cut between a change and its handlers."""
        folder = self.transport.state / "pending"
        folder.mkdir(exist_ok=True)
        for one in handlers:
            lines = "".join(f"\t{line}\n" for line in one.command.splitlines())
            (folder / one.name).write_text(f"{one.name}\n{lines}")


def test_others_stay_managed_and_are_not_removed(tmp_path: Path) -> None:
    host = Host(tmp_path)
    host.apply(host.mark("a", "1"), host.mark("b", "1"))
    assert host.apply(host.mark("b", "2"), host.mark("c", "1"), partial=True).outcome == "changed"
    assert [(tmp_path / name).read_text().strip() for name in "abc"] == ["1", "2", "1"]
    assert host.managed() == ["mark:a", "mark:b", "mark:c"]
    assert not host.plan(host.mark("b", "2"), partial=True).changes
    # The whole still knows what has left the inventory.
    removed = {step.id for step in host.plan(host.mark("a", "1"), partial=False).steps}
    assert removed == {"mark:b", "mark:c"}


def test_handlers_that_were_left_run_with_their_own_resource_only(tmp_path: Path) -> None:
    host = Host(tmp_path)
    ours, theirs = host.handler("restart-ours"), host.handler("reload-theirs")
    host.apply(host.mark("a", "1", ours), host.mark("b", "1", theirs))
    host.leave_pending(ours, theirs)
    host.log.unlink()
    # Of a resource that is as wanted: the change was made, and not taken up.
    assert host.apply(host.mark("a", "1", ours), partial=True).outcome == "changed"
    assert host.log.read_text() == "restart-ours\n"
    assert host.pending() == ["reload-theirs"]
    host.apply(host.mark("a", "1", ours), host.mark("b", "1", theirs))
    assert host.log.read_text() == "restart-ours\nreload-theirs\n"
    assert host.pending() == []


def test_a_handler_that_disturbs_nothing_makes_no_host_wait_for_its_turn(tmp_path: Path) -> None:
    host = Host(tmp_path)
    host.apply(host.mark("a", "1"))
    calm = Handler("tidy", ":", disturbs=False)
    assert not host.plan(host.mark("a", "2", calm), partial=True).disruptive
    assert host.plan(host.mark("a", "2", calm, host.handler("x")), partial=True).disruptive
