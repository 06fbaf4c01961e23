"""Steps of a rollback."""

from dataclasses import dataclass, field, replace

from ...engine.apply_plans import ApplyResult, Pace, apply_plans
from ...engine.plan_record import plan_record
from ...model.runtime import Runtime
from ...roles.desired import DesiredHost
from ..drain.foreseen import foresee
from ..drain.in_service import await_everybody
from ..drain.out_of_service import OutOfService
from ..operation import Operation
from ..planning import Plans, plan_hosts
from ..release.on_hosts import look_at_releases
from ..rolling_upgrade.state import CAUSE
from ..rolling_upgrade.state_file import StateFileError
from ..state_folder.runtime_state import save_runtime, without_pins
from .targets import (
    RollbackError,
    desired_rollback,
    pinned,
    rollback_waves,
    targets,
)
from .unfinished_upgrade import BegunUpgrade, abort_upgrade, begun_upgrade


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackOptions:
    """Options of a rollback."""

    names: list[str]
    """Real servers to roll back."""
    to: str | None
    """The release; the one before where it is not named."""
    pace: Pace
    drain_timeout: float
    """Seconds to wait for a node's jobs and streams."""
    force: bool
    """Also the last healthy one, below the quorum, and with jobs left at the deadline."""


def roll_back(op: Operation, options: RollbackOptions) -> bool:
    """Roll back; true where every host is rolled back and serves.

    Raises ``RollbackError`` before anything is changed where a host lacks the release, and
    whatever the dialogue raises after a no.
    """
    return _Rollback(op, options).execute()


def lift_pins(op: Operation, names: list[str]) -> bool:
    """Let the next deploy bring hosts forward again. Changes no host; always true."""
    runtime = op.cluster.runtime
    held = [name for name in names if name in runtime.pins]
    save_runtime(op.cluster.state_dir, without_pins(runtime, held))
    op.dialogue.done(
        f"{', '.join(held)}: the next `cluster deploy` goes forward again."
        if held
        else "None of these hosts was rolled back."
    )
    return True


@dataclass(slots=True)
class _Rollback:
    op: Operation
    options: RollbackOptions
    releases: dict[str, str] = field(default_factory=dict)
    """The release of every host that is held, of those that cannot be reached now as well."""
    unreachable: dict[str, str] = field(default_factory=dict)
    runtime: Runtime = field(default_factory=Runtime)
    """With the pins of this rollback."""

    def execute(self) -> bool:
        """Run the steps in order."""
        self.choose_releases()
        plans = self.plan()
        self.op.dialogue.confirm(plans, "Go back?")
        # Before the first host: a run that is cut is continued, not undone, by the next one.
        save_runtime(self.op.cluster.state_dir, self.runtime)
        with self.op.dialogue.progress() as progress:
            self.op = replace(self.op, progress=progress)
            result = self.apply(plans)
            lacking = await_everybody(self.op, result.hosts)
        self.report(result, lacking)
        return result.ok

    def choose_releases(self) -> None:
        """Find the release of every host."""
        op, names = self.op, self.options.names
        seen = look_at_releases(op.cluster.inventory.app.directory, names, op.fleet)
        pins = {name: pin for name, pin in op.cluster.runtime.pins.items() if name in names}
        chosen = targets(seen, pins, self.options.to, self.begun())
        self.unreachable = {n: str(op.fleet.errors[n]) for n in names if n not in seen}
        if not seen:
            raise RollbackError("\n".join(self.unreachable.values()))
        if len(known := set(chosen.values())) == 1:
            # They are to have it too when they are there again, instead of going forward alone.
            chosen = {**chosen, **dict.fromkeys(self.unreachable, *known)}
        self.releases = chosen
        self.runtime = pinned(op.cluster.runtime, chosen, op.run.holder)

    def begun(self) -> BegunUpgrade | None:
        """The upgrade that is unfinished, where the release depends on it."""
        if self.options.to:
            return None
        try:
            return begun_upgrade(self.op.cluster.state_dir)
        except StateFileError as error:
            self.op.dialogue.note(f"No upgrade is taken into account: {error}")
            return None

    def desired(self) -> dict[str, DesiredHost]:
        """Desired state of the pinned hosts: nothing but the switch."""
        wanted = desired_rollback(self.op.cluster.inventory, self.runtime)
        return {name: wanted[name] for name in self.releases}

    def plan(self) -> Plans:
        """Observe every host and plan its changes, for the journal as well."""
        plans = plan_hosts(self.op.cluster.inventory, self.desired(), self.op.fleet)
        for plan in plans.hosts.values():
            self.op.run.journal.write("plan", plan=plan_record(plan))
        foresee(self.op.cluster, plans, self.op.fleet)
        return plans

    def apply(self, plans: Plans) -> ApplyResult:
        """Switch batch by batch, each node out of service meanwhile."""
        op = self.op
        around = OutOfService(
            op=op,
            inventory=op.cluster.inventory,
            plans=plans,
            desired=lambda now: desired_rollback(op.cluster.inventory, now),
            command="rollback",
            timeout=self.options.drain_timeout,
            force=self.options.force,
            takes_over=frozenset({"deploy", "rollback", CAUSE}),
        )
        result = apply_plans(
            plans,
            rollback_waves(self.releases),
            {name: host.postconditions for name, host in self.desired().items()},
            op.fleet,
            pace=self.options.pace,
            run_id=op.run.id,
            holder=op.run.holder,
            journal=op.run.journal,
            progress=op.progress,
            around=around,
        )
        for name, reason in self.unreachable.items():
            # Some may not be held either, as it is not known what they had before.
            if name not in result.hosts:
                result.skipped.setdefault(name, reason)
        return result

    def report(self, result: ApplyResult, lacking: list[str]) -> None:
        """Report the result, and the pins from now on."""
        dialogue = self.op.dialogue
        dialogue.report(result)
        dialogue.report_lacking(lacking)
        try:
            back = [name for name, host in result.hosts.items() if host.ok]
            if abort_upgrade(self.op.cluster.state_dir, back):
                dialogue.note("The rolling upgrade that was unfinished is aborted.")
        except StateFileError as error:
            dialogue.note(f"No upgrade is aborted: {error}")
        for release in sorted(set(self.releases.values())):
            hosts = ", ".join(name for name, its in self.releases.items() if its == release)
            dialogue.note(
                f"{hosts}: deploys keep release {release} until `cluster rollback --lift`."
            )
