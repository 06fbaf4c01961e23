"""Takes the cluster off its hosts again."""

from collections.abc import Collection
from dataclasses import replace

from ..engine.apply_plans import Pace, apply_plans
from ..engine.fleet import Fleet
from ..engine.observe import run_fragments
from ..engine.plan import HostPlan, fragments, removal_plan
from ..engine.waves import Wave
from ..model.cluster_record import ClusterRecord
from ..model.derived.resolve import managed_hosts
from ..model.inventory import Inventory
from ..model.runtime import Runtime
from ..roles.registry import deploy_order
from ..transport.base import Transport
from .cluster.cluster import Cluster
from .errors import OperationError
from .operation import Operation
from .planning import Plans
from .rolling_upgrade import planning, state_file
from .rolling_upgrade.state import MOVING
from .run.run import Run
from .state_folder.deployed_hosts import forget
from .state_folder.runtime_state import change, load_record


def destroy(op: Operation, names: list[str]) -> bool:
    """Put hosts back as they were before the first deploy; whether all of them are.

    Raises ``OperationError`` where an upgrade would be left in the middle, and whatever the
    dialogue ends with after a no.
    """
    if upgrade := require_no_upgrade_left(op.cluster, names):
        op.dialogue.note(upgrade)
    plans = plan_removal(names, op.fleet)
    op.dialogue.confirm(plans, "Remove all this?")
    forks = op.cluster.forks
    with op.dialogue.progress() as progress:
        result = apply_plans(
            plans,
            destroy_waves(op.cluster.inventory),
            dict.fromkeys(names, ()),
            op.fleet,
            # None that fails keeps another from being cleaned.
            pace=Pace(forks, forks, len(names)),
            run_id=op.run.id,
            holder=op.run.holder,
            journal=op.run.journal,
            progress=progress,
        )
    forget_destroyed(op.cluster, op.run, [name for name, host in result.hosts.items() if host.ok])
    op.dialogue.report(result)
    return result.ok


def plan_removal(names: list[str], fleet: Fleet) -> Plans:
    """Plans that remove whatever each host's manifest lists."""
    fleet.connect(names)

    def look(name: str, transport: Transport) -> HostPlan:
        return removal_plan(name, run_fragments(name, transport, fragments((), ())))

    plans = Plans(hosts=fleet.each(names, look))
    plans.unreachable = {name: str(fleet.errors[name]) for name in names if name in fleet.errors}
    return plans


def require_no_upgrade_left(cluster: Cluster, names: Collection[str]) -> str:
    """Tell people what destroying these hosts does to an unfinished upgrade; empty where there is
    none. Raises ``OperationError`` where it would leave some of its nodes in the middle."""
    saved = state_file.load(cluster.state_dir)
    other = load_record(cluster.state_dir).upgrade
    if saved is None or not planning.unfinished(saved):
        return f"{other}; it ends with this" if other else ""
    moving = {node.host for node in saved.nodes if node.status in MOVING}
    if moving - set(names):
        raise OperationError(
            f"an upgrade to {saved.target} has {', '.join(sorted(moving))} under way; "
            "`cluster rolling-upgrade --resume` or --abort first, or destroy all of them"
        )
    return f"an upgrade to {saved.target} is unfinished; it ends with this"


def forget_destroyed(cluster: Cluster, run: Run, names: Collection[str]) -> None:
    """Forget what held for these hosts: drains, pins, shares, preference; and with the last
    of them all that was known of the cluster."""
    inventory, gone = cluster.inventory, set(names)
    if run.seats is not None:
        run.seats.leave(gone)
    forget(cluster.state_dir, names)
    record = load_record(cluster.state_dir)
    whole = gone >= set(managed_hosts(inventory))
    if whole or gone >= inventory.real_servers.hosts.keys():
        state_file.forget(cluster.state_dir)
        record = replace(record, upgrade=None, maintenance=None, rotation=None)
    runtime = record.runtime
    left = Runtime(
        {name: drain for name, drain in runtime.drains.items() if name not in gone},
        None if runtime.preferred in gone else runtime.preferred,
        {name: pin for name, pin in runtime.pins.items() if name not in gone},
        {name: share for name, share in runtime.shares.items() if name not in gone},
    )
    after = ClusterRecord() if whole else replace(record, runtime=left)
    change(cluster.state_dir, lambda _: after)


def destroy_waves(inventory: Inventory) -> list[Wave]:
    """Deploy's order backwards: no new clients, then no work, then no storage."""
    return [
        Wave(role.name, role.hosts(inventory), "none", role.key)
        for role in reversed(deploy_order())
    ]
