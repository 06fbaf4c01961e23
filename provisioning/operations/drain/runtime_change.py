"""Change hosts after a change of the runtime state, and in nothing else.

Of all that an inventory wants of a host only what the change makes different is touched, so that
an edit which nobody has deployed yet does not slip in with it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ...engine.apply_plans import ApplyResult, Pace, apply_plans
from ...engine.fleet import Fleet
from ...engine.observe import run_fragments
from ...engine.plan import HostPlan, fragments, plan_part
from ...engine.waves import Wave
from ...facts.fact import Answers, Fact
from ...facts.fact import fragments as fact_fragments
from ...model.inventory import Inventory
from ...model.runtime import Runtime
from ...resources.base import Observation, Resource, UnobservableError
from ...roles.desired import desired_hosts
from ...transport.base import Transport
from ..errors import HostBusyError, OperationError
from ..host_words import of_host
from ..operation import Operation
from ..planning import Plans

_TIMEOUT = 60.0


def edges_of(inventory: Inventory) -> list[str]:
    """Names of the edges, which send to real servers as directors do."""
    return list(inventory.edges.hosts) if inventory.edges is not None else []


def director_parts(
    inventory: Inventory, before: Runtime, after: Runtime
) -> dict[str, tuple[tuple[Resource, ...], tuple[Resource, ...]]]:
    """Resources of each director and edge that the change affects: as they are, and as they will
    be. Pure."""
    old, new = (desired_hosts(inventory, None, runtime) for runtime in (before, after))
    parts = {}
    for name in (*inventory.directors.hosts, *edges_of(inventory)):
        was = {one.id: one for one in old[name].resources}
        pairs = [
            (was[one.id], one)
            for one in new[name].resources
            if one.id in was and was[one.id] != one
        ]
        parts[name] = (tuple(a for a, _ in pairs), tuple(b for _, b in pairs))
    return parts


@dataclass(frozen=True, slots=True)
class DirectorPlans:
    """Hosts before a change of the runtime state."""

    plans: dict[str, HostPlan]
    strange: dict[str, list[str]]
    """What is on a host that is neither as it was nor as it will be: edits of the inventory, or of
    the host."""
    answers: dict[str, Answers]
    """To what else they were asked."""


def plan_directors(
    inventory: Inventory,
    befores: tuple[Runtime, ...],
    after: Runtime,
    fleet: Fleet,
    directors: Iterable[str],
    *,
    beside: Mapping[str, tuple[Resource, ...]] | None = None,
    questions: Mapping[str, tuple[Fact[Any], ...]] | None = None,
) -> DirectorPlans:
    """Plan connected directors, and what is to be so on hosts ``beside`` them, in one round trip
    each that asks hosts other ``questions`` as well.

    Where a run was cut between writing a state down and telling the directors, some of them are
    as an earlier one of ``befores`` has it.
    """
    parts = [director_parts(inventory, before, after) for before in befores]
    beside, questions = beside or {}, questions or {}

    def look(name: str, transport: Transport) -> tuple[HostPlan, list[str], Answers]:
        ours = [part[name] for part in parts] if name not in beside else [((), beside[name])]
        will = {one.id: one for _, new in ours for one in new}
        was = [one for old, _ in ours for one in old]
        earlier = {f"was.{number}": one.observe() for number, one in enumerate(was)}
        also = fact_fragments(questions.get(name, ()))
        asked = {**fragments((), tuple(will.values())), **earlier, **also}
        seen = run_fragments(name, transport, asked, timeout=_TIMEOUT)
        known = {
            one.id for number, one in enumerate(was) if not _differs(one, seen[f"was.{number}"])
        }
        strange = [
            one.id
            for number, one in enumerate(will.values())
            if one.id not in known and _differs(one, seen[f"res.{number}"])
        ]
        return plan_part(name, tuple(will.values()), seen), strange, Answers(seen)

    found = fleet.each([*directors, *beside], look)
    return DirectorPlans(
        {name: plan for name, (plan, _, _) in found.items()},
        {n: strange for n, (_, strange, _) in found.items() if strange and n not in beside},
        {name: answers for name, (_, _, answers) in found.items()},
    )


def _differs(resource: Resource, seen: Observation) -> bool:
    try:
        return resource.compare(seen) is not None
    except UnobservableError:
        return False


def apply_parts(op: Operation, plans: dict[str, HostPlan], order: list[Wave]) -> None:
    """Apply plans in waves. Raises ``OperationError`` when a host fails,
    ``HostBusyError`` where another run is at work on one."""
    for plan in plans.values():
        if plan.blocked:
            raise OperationError(f"{plan.host}: {'; '.join(plan.problems)}")
    result: ApplyResult = apply_plans(
        Plans(hosts=plans),
        order,
        dict.fromkeys(plans, ()),
        op.fleet,
        pace=Pace(),
        run_id=op.run.id,
        holder=op.run.holder,
        journal=op.run.journal,
        progress=op.progress,
    )
    problems = [of_host(name, reason) for name, reason in result.skipped.items()]
    problems += [of_host(r.host, r.message) for r in result.hosts.values() if not r.ok]
    if problems:
        busy = any(done.outcome == "locked" for done in result.hosts.values())
        raise (HostBusyError if busy else OperationError)("; ".join(problems))


def apply_part(op: Operation, plan: HostPlan) -> None:
    """Apply the plan of one real server. Raises as ``apply_parts``."""
    apply_parts(op, {plan.host: plan}, [Wave("real server", (plan.host,))])
