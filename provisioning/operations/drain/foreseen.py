"""Drains that the changes of a plan will need, told before they begin."""

from ...engine.fleet import Fleet
from ...model.hooks import Step
from ..cluster.cluster import Cluster
from ..planning import Plans
from ..state_folder.directors_record import as_directors_have_it
from .capacity import never_without
from .sending import look_at_directors, moved, serving


def foresee(cluster: Cluster, plans: Plans, fleet: Fleet) -> None:
    """Note in the plans which real servers are drained first, and where that is impossible."""
    inventory = as_directors_have_it(cluster.state_dir, cluster.inventory)
    drains = cluster.runtime.drains
    disturbed = [
        name
        for name, plan in plans.hosts.items()
        if name in inventory.real_servers.hosts
        and plan.disruptive
        and not plan.blocked
        and name not in drains
        and name not in plans.leaving
    ]
    if not disturbed:
        return
    seen = look_at_directors(inventory, fleet)
    gone = moved(inventory, cluster.inventory)
    for name in sorted(serving(inventory, seen.tables, disturbed), key=disturbed.index):
        if gone:
            plans.interrupted[name] = f"clients cannot go on using {', '.join(gone)}"
        elif alone := never_without(inventory, name):
            plans.interrupted[name] = f"the others are not enough for {', '.join(alone)}"
        else:
            plans.drained_first.append(name)


def hooked_steps(plans: Plans) -> list[Step]:
    """List the steps of a deploy by these plans that have hooks. Pure."""
    if not plans.changes:
        return []
    return ["deploy", "drain"] if plans.drained_first or plans.leaving else ["deploy"]
