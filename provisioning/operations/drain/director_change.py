"""Have directors, and edges, act on a change of the runtime state: all of them are looked at in one
round trip, and changed in another, those that hold a VIP last."""

from dataclasses import dataclass

from ...engine.observe import run_fragments
from ...engine.plan import HostPlan
from ...engine.waves import Wave
from ...model.derived.way_in import way_in, way_in_word
from ...model.runtime import Runtime
from ...places import EDGE_NODES, NGINX_CONF, NGINX_PROGRAM
from ...resources.base import Resource
from ...roles.real_server.app import drain_flag
from ...transport.base import Transport
from ..cluster_state.tables import WayIn, way_in_of, way_in_questions
from ..errors import OperationError
from ..operation import Operation
from ..state_folder.runtime_state import load_applied, save_applied, save_runtime
from .runtime_change import apply_parts, director_parts, edges_of, plan_directors


@dataclass(frozen=True, slots=True)
class DirectorChange:
    """A change that was planned and has not begun."""

    after: Runtime
    plans: dict[str, HostPlan]
    """Of directors and edges."""
    edges: tuple[str, ...]
    directors: tuple[str, ...]
    seen: WayIn
    """The directors, or edges alone, before the change."""
    silent: tuple[str, ...]
    """Reasons why some of them could not be looked at."""
    mark: HostPlan | None
    """Of the real server whose drain mark changes too, where it was looked at as well."""


def change_directors(
    op: Operation, before: Runtime, after: Runtime, directors: list[str], *, force: bool
) -> None:
    """Save the state, then change the directors to match, those that hold a VIP last; and before
    them the edges, which send to real servers too. Where nothing is different for any of them, none
    is asked. Raises ``OperationError``."""
    if _concerns_nobody(op, before, after):
        save_runtime(op.cluster.state_dir, after)
        save_applied(op.cluster.state_dir, after)
        return
    make_change(op, plan_change(op, before, after, directors, force=force))


def plan_change(
    op: Operation,
    before: Runtime,
    after: Runtime,
    directors: list[str],
    *,
    force: bool,
    marked: str = "",
) -> DirectorChange:
    """Look at directors and edges, and at a real server whose mark is to change as well
    (``marked``), which is left out where it is not connected. Raises ``OperationError`` where one
    cannot be reached or is not as the inventory says."""
    cluster, fleet = op.cluster, op.fleet
    inventory = cluster.inventory
    befores = (before, load_applied(cluster.state_dir))
    edges = _edges(op, befores, after, force=force)
    # Edges alone are among both.
    asked = [name for name in directors if name in way_in(inventory)]
    directors = [name for name in directors if name in inventory.directors.hosts]
    senders = list(dict.fromkeys([*edges, *directors]))
    # Undeployed edges are asked, and told nothing.
    beside: dict[str, tuple[Resource, ...]] = {n: () for n in asked if n not in senders}
    # A host of both roles gets its mark when its weight is gone, and is looked at then.
    joined = marked in fleet.transports and marked not in senders and marked not in beside
    if joined:
        beside[marked] = (drain_flag(after, marked),)
    found = plan_directors(
        inventory,
        befores,
        after,
        fleet,
        senders,
        beside=beside,
        questions=dict.fromkeys(asked, way_in_questions(inventory)),
    )
    if missing := [name for name in senders if name not in found.plans]:
        raise OperationError(str(fleet.errors[missing[0]]))
    if found.strange and not force:
        where = "; ".join(f"{name}: {', '.join(ids)}" for name, ids in found.strange.items())
        raise OperationError(
            f"not as the inventory says: {where}. `cluster deploy` first, or --force takes this "
            "over too"
        )
    answers = {name: found.answers[name] for name in asked if name in found.answers}
    return DirectorChange(
        after,
        {name: found.plans[name] for name in senders},
        tuple(edges),
        tuple(directors),
        way_in_of(inventory, answers),
        tuple(str(fleet.errors[name]) for name in asked if name not in answers),
        found.plans.get(marked) if joined else None,
    )


def make_change(op: Operation, change: DirectorChange) -> None:
    """Save the state and have everybody act on it. Raises ``OperationError``."""
    save_runtime(op.cluster.state_dir, change.after)
    masters = change.seen.holders
    backups = tuple(name for name in change.directors if name not in masters)
    order = [
        Wave("edges", change.edges, gate="every"),
        Wave("backup directors", backups, gate="every"),
        Wave("master directors", tuple(n for n in change.directors if n in masters), gate="every"),
    ]
    apply_parts(op, change.plans, order)
    save_applied(op.cluster.state_dir, change.after)


def _concerns_nobody(op: Operation, before: Runtime, after: Runtime) -> bool:
    inventory = op.cluster.inventory
    return not any(
        new
        for known in (before, load_applied(op.cluster.state_dir))
        for _, new in director_parts(inventory, known, after).values()
    )


def reachable_directors(op: Operation, *, force: bool) -> list[str]:
    """List the directors, or edges alone, that can be reached; all of them, unless forced."""
    names, fleet = way_in(op.cluster.inventory), op.fleet
    fleet.connect(names)
    gone = [name for name in names if name not in fleet.transports]
    if len(gone) == len(names):
        word = way_in_word(op.cluster.inventory)
        raise OperationError(f"no {word} can be reached: {fleet.errors[gone[0]]}")
    if gone and not force:
        raise OperationError(
            f"{fleet.errors[gone[0]]}; it would not know, and act differently if it took over. "
            "--force continues without it, and the next deploy tells it"
        )
    return [name for name in names if name not in gone]


def _edges(
    op: Operation, befores: tuple[Runtime, ...], after: Runtime, *, force: bool
) -> list[str]:
    """List the edges that the change concerns; with ``force`` those that can be reached."""
    inventory, fleet = op.cluster.inventory, op.fleet
    parts = [director_parts(inventory, before, after) for before in befores]
    names = [one for one in edges_of(inventory) if any(part[one][1] for part in parts)]
    if not names:
        return []
    fleet.connect(names)
    gone = [name for name in names if name not in fleet.transports]
    if gone and not force:
        raise OperationError(
            f"{fleet.errors[gone[0]]}; it would go on sending as before. --force continues "
            "without it, and the next deploy tells it"
        )
    has_one = {"edge": f"[ -x {NGINX_PROGRAM} ] && [ -s {NGINX_CONF} ] && [ -s {EDGE_NODES} ]"}

    def deployed(host: str, transport: Transport) -> bool:
        return not run_fragments(host, transport, has_one)["edge"].status

    # One that was never deployed sends nowhere yet.
    return [name for name, yes in fleet.each(names, deployed).items() if yes]
