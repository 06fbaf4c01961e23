"""Takes the cluster off its hosts again."""

from collections.abc import Collection
from dataclasses import replace

from provisioning.engine.apply_plans import Pace, apply_plans
from provisioning.engine.fleet import Fleet
from provisioning.engine.observe import run_fragments
from provisioning.engine.plan import HostPlan, fragments, removal_plan
from provisioning.engine.waves import Wave
from provisioning.model.cluster_record import ClusterRecord
from provisioning.model.inventory import Inventory
from provisioning.model.resolve import managed_hosts
from provisioning.model.runtime import Runtime
from provisioning.operations.deployed_hosts import forget
from provisioning.operations.operation import Operation
from provisioning.operations.planning import Plans
from provisioning.operations.rolling_upgrade import planning, state_file
from provisioning.operations.rolling_upgrade.state import MOVING
from provisioning.operations.run import Run
from provisioning.operations.runtime_change import OperationError
from provisioning.operations.runtime_state import load_record, write
from provisioning.operations.session import Site
from provisioning.roles.registry import deploy_order
from provisioning.transport.base import Transport


def destroy(op: Operation, names: list[str]) -> bool:
    """Put hosts back as they were before the first deploy; whether all of them are.

    Raises ``OperationError`` where an upgrade would be left in the middle, and whatever the
    dialogue ends with after a no.
    """
    if upgrade := require_no_upgrade_left(op.site, names):
        op.dialogue.note(upgrade)
    plans = plan_removal(names, op.fleet)
    op.dialogue.confirm(plans, "Remove all this?")
    forks = op.site.inventory.forks
    with op.dialogue.progress() as progress:
        result = apply_plans(
            plans,
            destroy_waves(op.site.inventory),
            dict.fromkeys(names, ()),
            op.fleet,
            # None that fails keeps another from being cleaned.
            pace=Pace(forks, forks, len(names)),
            run_id=op.run.id,
            holder=op.run.holder,
            journal=op.run.journal,
            progress=progress,
        )
    forget_destroyed(op.site, op.run, [name for name, host in result.hosts.items() if host.ok])
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


def require_no_upgrade_left(site: Site, names: Collection[str]) -> str:
    """What destroying these hosts does to an unfinished upgrade, for people; empty where there is
    none. Raises ``OperationError`` where it would leave some of its nodes in the middle."""
    saved = state_file.load(site.state_dir)
    other = load_record(site.state_dir).upgrade
    if saved is None or not planning.unfinished(saved):
        return f"{other}; it ends with this" if other else ""
    moving = {node.host for node in saved.nodes if node.status in MOVING}
    if moving - set(names):
        raise OperationError(
            f"an upgrade to {saved.target} has {', '.join(sorted(moving))} under way; "
            "`cluster rolling-upgrade --resume` or --abort first, or destroy all of them"
        )
    return f"an upgrade to {saved.target} is unfinished; it ends with this"


def forget_destroyed(site: Site, run: Run, names: Collection[str]) -> None:
    """What held for these hosts holds no more: drains, pins, shares, preference; and with the last
    of them all that was known of the cluster."""
    forget(site.state_dir, names)
    inventory = site.inventory
    gone, record = set(names), load_record(site.state_dir)
    if run.seats is not None:
        run.seats.leave(gone)
    whole = gone >= set(managed_hosts(inventory))
    if whole or gone >= inventory.real_servers.hosts.keys():
        state_file.forget(site.state_dir)
        record = replace(record, upgrade=None)
    runtime = record.runtime
    left = Runtime(
        {name: drain for name, drain in runtime.drains.items() if name not in gone},
        None if runtime.preferred in gone else runtime.preferred,
        {name: pin for name, pin in runtime.pins.items() if name not in gone},
        {name: share for name, share in runtime.shares.items() if name not in gone},
    )
    write(site.state_dir, ClusterRecord() if whole else replace(record, runtime=left))


def destroy_waves(inventory: Inventory) -> list[Wave]:
    """Deploy's order backwards: no new clients, then no work, then no storage."""
    return [
        Wave(role.name, role.hosts(inventory), "none", role.key)
        for role in reversed(deploy_order())
    ]
