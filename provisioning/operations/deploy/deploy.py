"""Deploy: make the hosts what the inventory says, and prove that the cluster works."""

from dataclasses import dataclass, field, replace

from ...engine.apply_plans import ApplyResult, Pace, apply_plans
from ...engine.plan_record import plan_record
from ...model.inventory import Inventory
from ...roles.desired import DesiredHost
from ..artifacts.bringing import bring_artifacts
from ..bundle.source import Source
from ..cluster.cluster import Cluster
from ..drain.foreseen import foresee, hooked_steps
from ..drain.in_service import await_everybody
from ..drain.out_of_service import OutOfService
from ..operation import Operation
from ..planning import Plans, plan_hosts
from ..release.supply import supply
from ..run.truth import Truth, establish, held, planned
from ..state_folder.deployed_hosts import DeployedHosts, remember
from ..verify import verify
from .decommission import (
    add_removals,
    cluster_with,
    conclude,
    decommission_waves,
    drain_leaving,
    leaving_hosts,
    leaving_servers,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployOptions:
    """Options of a deploy."""

    names: list[str]
    """Hosts to deploy to."""
    cleans: bool
    """Hosts that have left the inventory are drained and cleaned."""
    source: Source
    pace: Pace
    drain_timeout: float
    """Seconds to wait for the work of real servers that are disturbed or leave."""
    force: bool
    """Also the last healthy one, below the quorum, and with jobs left at the deadline."""
    verifies: bool
    """Prove the result."""


def deploy(op: Operation, options: DeployOptions) -> bool:
    """Deploy; true where every host is as desired and the proof, if any, found no fault.

    Raises ``ClusterError``, and whatever the dialogue raises after a no.
    """
    return _Deploy(op, options).execute()


@dataclass(slots=True)
class _Deploy:
    op: Operation
    options: DeployOptions
    leaving: DeployedHosts = field(init=False)
    """Hosts that have left the inventory, and are cleaned."""
    everywhere: Cluster = field(init=False)
    """The cluster with the leaving hosts still in its inventory."""
    truth: Truth = field(init=False)

    def __post_init__(self) -> None:
        self.leaving = leaving_hosts(self.op.cluster) if self.options.cleans else {}
        self.everywhere = cluster_with(self.op.cluster, self.leaving)

    def execute(self) -> bool:
        """Run the steps in order."""
        if self.op.run.left_behind:
            self.op.dialogue.note(f"{self.op.run.left_behind} did not finish; continuing from it.")
        plans = self.plan()
        self.op.dialogue.confirm(plans, "Apply?")
        if not plans.changes:
            return self.carry_out(plans)
        hosts = [name for name, plan in plans.hosts.items() if plan.changes]
        with self.op.hooks.around("deploy", hosts=hosts) as outcome:
            outcome.ok = self.carry_out(plans)
        return outcome.ok

    def carry_out(self, plans: Plans) -> bool:
        """Apply what was agreed to, and prove it."""
        establish(self.op.cluster, self.truth)
        with self.op.dialogue.progress() as progress:
            self.op = replace(self.op, progress=progress)
            if leaving_servers(self.leaving):
                taken_over = self.let_others_take_over()
                if not taken_over.ok:
                    self.op.dialogue.report(taken_over)
                    return False
                self.retire()
                plans = self.plan_again()
            result = self.apply(self.op.cluster.inventory, plans, self.leaving)
            lacking = self.await_service() if result.ok else []
        self.remember(result)
        self.op.dialogue.report(result)
        if self.options.verifies and result.ok:
            return self.prove()
        self.op.dialogue.report_lacking(lacking)
        return result.ok

    def plan(self) -> Plans:
        """Observe every host and plan its changes, for the journal as well."""
        cluster, fleet, leaving = self.op.cluster, self.op.fleet, self.leaving
        plans, self.truth = planned(
            held(cluster, fleet),
            lambda truth: plan_hosts(
                cluster.inventory, self.desired(cluster.inventory, truth), fleet
            ),
        )
        add_removals(plans, leaving, fleet)
        runtime = self.truth.runtime
        plans.drains, plans.pins, plans.told = runtime.drains, runtime.pins, self.truth.told
        foresee(self.everywhere, plans, fleet)
        plans.hooks = self.op.hooks.foreseen(hooked_steps(plans))
        for plan in plans.hosts.values():
            self.op.run.journal.write("plan", plan=plan_record(plan))
        return plans

    def let_others_take_over(self) -> ApplyResult:
        """Deploy with the leaving hosts still in the cluster: those that come with the same edit
        serve before these go."""
        inventory = self.everywhere.inventory
        first = plan_hosts(inventory, self.desired(inventory, self.truth), self.op.fleet)
        return self.apply(inventory, first, {})

    def retire(self) -> None:
        """Drain the real servers that leave."""
        drain_leaving(self.op, self.leaving, timeout=self.options.drain_timeout)

    def plan_again(self) -> Plans:
        """Plan again once the leaving hosts serve nobody."""
        inventory = self.op.cluster.inventory
        plans = plan_hosts(inventory, self.desired(inventory, self.truth), self.op.fleet)
        add_removals(plans, self.leaving, self.op.fleet)
        return plans

    def apply(self, inventory: Inventory, plans: Plans, leaving: DeployedHosts) -> ApplyResult:
        """Apply plans in waves, with each serving real server out of service meanwhile."""
        run = self.op.run
        source = self.options.source
        source.bring_packages(self.op, plans)
        supply(self.op, source.release, plans)
        bring_artifacts(self.op, source.release, plans)
        desired = self.desired(inventory, self.truth)
        conditions = {name: host.postconditions for name, host in desired.items()}
        around = OutOfService(
            op=replace(self.op, cluster=self.everywhere),
            inventory=inventory,
            plans=plans,
            desired=lambda runtime: source.desired(inventory, replace(self.truth, runtime=runtime)),
            command="deploy",
            timeout=self.options.drain_timeout,
            force=self.options.force,
        )
        return apply_plans(
            plans,
            decommission_waves(inventory, plans, leaving),
            conditions | dict.fromkeys(leaving, ()),
            self.op.fleet,
            pace=self.options.pace,
            run_id=run.id,
            holder=run.holder,
            journal=run.journal,
            progress=self.op.progress,
            around=around,
        )

    def await_service(self) -> list[str]:
        """Wait until the directors send to every node; list those that get nothing, with the
        reason."""
        return await_everybody(self.op, self.options.names)

    def remember(self, result: ApplyResult) -> None:
        """Record the hosts of the cluster."""
        cluster = self.op.cluster
        ours = [name for name in result.hosts if name in self.options.names]
        remember(cluster.state_dir, cluster.inventory, ours)
        conclude(cluster, self.leaving, result)

    def prove(self) -> bool:
        """Verify the cluster, for the journal as well."""
        checks = verify(self.op.cluster.inventory, self.op.fleet, self.op.cluster.record)
        for check in checks:
            self.op.run.journal.write(
                "check", name=check.name, ok=check.ok, evidence=check.evidence
            )
        self.op.dialogue.report_checks(checks)
        return all(check.ok is not False for check in checks)

    def desired(self, inventory: Inventory, truth: Truth) -> dict[str, DesiredHost]:
        """Desired state of the chosen hosts."""
        wanted = self.options.source.desired(inventory, truth)
        return {name: wanted[name] for name in self.options.names}
