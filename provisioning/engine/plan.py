"""The changes that a host needs. Pure: desired state and observation in, plan out."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace

from ..places import STATE
from ..resources.base import (
    Change,
    Handler,
    Observation,
    Requirement,
    Resource,
    UnobservableError,
)
from .script import Step, StoredFragment, parse_stored


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One resource that changes, appears or goes."""

    id: str
    change: Change
    triggers: tuple[Handler, ...] = ()


@dataclass(frozen=True, slots=True)
class PlannedHandler:
    """A handler that will run, and why."""

    handler: Handler
    because: tuple[str, ...]
    """Ids of the changes behind it; empty where an earlier run was cut before it ran."""


@dataclass(frozen=True, slots=True)
class HostPlan:
    """All that will happen on one host, in order."""

    host: str
    steps: tuple[PlannedStep, ...] = ()
    handlers: tuple[PlannedHandler, ...] = ()
    unmet: tuple[tuple[Requirement, str], ...] = ()
    """Requirements that do not hold, with what their probes printed: nothing may be applied."""
    problems: tuple[str, ...] = ()
    """Resources whose state could not be told."""
    manifest_before: tuple[StoredFragment, ...] = ()
    manifest_after: tuple[StoredFragment, ...] = ()
    unfinished_by: str | None = None
    """The one who started a run here that was cut before its end."""
    partial: bool = False
    """True where what else is managed on the host is left as it is."""

    @property
    def changes(self) -> bool:
        """Tell whether anything would be done."""
        return bool(self.steps or self.handlers)

    @property
    def blocked(self) -> bool:
        """Tell whether the host may not be touched."""
        return bool(self.unmet or self.problems)

    def adopts(self, step: PlannedStep) -> bool:
        """Tell whether a step takes the place of something that was not put there by this
        program. It is kept on the host, and ``cluster destroy`` puts it back."""
        ours = {entry.id for entry in self.manifest_before}
        return step.change.replaces and step.id not in ours

    @property
    def first_time(self) -> bool:
        """Tell whether this program has never changed the host."""
        return not self.manifest_before

    @property
    def disruptive(self) -> bool:
        """Tell whether something that runs already will be reloaded, restarted or taken away."""
        removes = any(step.change.summary == REMOVE for step in self.steps)
        disturbs = any(planned.handler.disturbs for planned in self.handlers)
        disturbs = disturbs or any(step.change.disturbs for step in self.steps)
        return not self.first_time and (disturbs or removes)

    @property
    def manifest_during(self) -> tuple[StoredFragment, ...]:
        """List what may exist on the host while the run is under way."""
        known = {entry.id for entry in self.manifest_after}
        gone = (entry for entry in self.manifest_before if entry.id not in known)
        return (*gone, *self.manifest_after)

    def script_steps(self) -> list[Step]:
        """The steps as the apply script takes them."""
        wanted = {planned.handler.name for planned in self.handlers}
        return [
            Step(
                step.change.apply,
                step.change.undo,
                tuple((h.name, h.command) for h in step.triggers if h.name in wanted),
            )
            for step in self.steps
        ]


REMOVE = "remove"

_NEVER = "nothing was deployed here yet; `cluster deploy` first"
MANIFEST, PENDING, UNFINISHED = "engine.manifest", "engine.pending", "engine.unfinished"


def fragments(
    requirements: tuple[Requirement, ...], resources: tuple[Resource, ...]
) -> dict[str, str]:
    """Everything to look at on a host, by the key under which ``plan_host`` looks for it."""
    state = shlex.quote(STATE)
    found = {
        MANIFEST: f"[ ! -f {state}/manifest ] || cat {state}/manifest",
        PENDING: f'for f in {state}/pending/*; do [ ! -f "$f" ] || cat "$f"; done',
        # A taken lock means that the run is not cut but under way.
        UNFINISHED: f"[ ! -f {state}/unfinished ] || cat {state}/holder",
    }
    found |= {f"need.{n}": requirement.probe for n, requirement in enumerate(requirements)}
    found |= {f"res.{n}": resource.observe() for n, resource in enumerate(resources)}
    return found


def plan_host(
    host: str,
    requirements: tuple[Requirement, ...],
    resources: tuple[Resource, ...],
    observed: Mapping[str, Observation],
    *,
    partial: bool = False,
) -> HostPlan:
    """The plan for a host from what ``fragments`` printed there.

    A ``partial`` one is about these resources alone: others that are managed there stay, and so
    do handlers of theirs that an earlier run left over.
    """
    steps: list[PlannedStep] = []
    problems: list[str] = []
    for number, resource in enumerate(resources):
        try:
            change = resource.compare(observed[f"res.{number}"])
        except UnobservableError as error:
            problems.append(f"{resource.id}: {error}")
            continue
        if change is not None:
            steps.append(PlannedStep(resource.id, change, resource.triggers))
    before = tuple(parse_stored(observed[MANIFEST].stdout))
    after = tuple(StoredFragment(resource.id, resource.remove()) for resource in resources)
    if partial:
        after = _merged(before, after)
    removals = _removals(before, {entry.id for entry in after})
    all_steps = (*removals, *steps)
    pending = parse_stored(observed[PENDING].stdout)
    if partial:
        ours = {handler.name for resource in resources for handler in resource.triggers}
        pending = [entry for entry in pending if entry.id in ours]
    return HostPlan(
        host,
        all_steps,
        _handlers(all_steps, pending),
        tuple(
            (requirement, _said(observed[f"need.{number}"]))
            for number, requirement in enumerate(requirements)
            if observed[f"need.{number}"].status != 0
        ),
        tuple(problems),
        before,
        after,
        observed[UNFINISHED].stdout.strip() or None,
        partial,
    )


def plan_part(
    host: str, resources: tuple[Resource, ...], observed: Mapping[str, Observation]
) -> HostPlan:
    """The plan for some resources of a host that was deployed to before, which leaves all others
    as they are, from what ``fragments((), resources)`` printed there."""
    plan = plan_host(host, (), resources, observed, partial=True)
    if plan.manifest_before:
        return plan
    return replace(plan, problems=(*plan.problems, _NEVER))


def removal_plan(host: str, observed: Mapping[str, Observation]) -> HostPlan:
    """The plan that puts a host back as it was before it was first managed."""
    return plan_host(host, (), (), observed)


def _said(observation: Observation) -> str:
    return (observation.stdout + observation.stderr).strip()


def _merged(
    before: tuple[StoredFragment, ...], ours: tuple[StoredFragment, ...]
) -> tuple[StoredFragment, ...]:
    """All that was managed, in its order, and what is new."""
    wanted = {entry.id: entry for entry in ours}
    kept = tuple(wanted.pop(entry.id, entry) for entry in before)
    return (*kept, *wanted.values())


def _removals(before: tuple[StoredFragment, ...], wanted: set[str]) -> tuple[PlannedStep, ...]:
    """Last applied goes first, as what came later may stand on what came before."""
    return tuple(
        PlannedStep(entry.id, Change(REMOVE, apply=entry.script, undo=""))
        for entry in reversed(before)
        if entry.id not in wanted
    )


def _handlers(
    steps: tuple[PlannedStep, ...], pending: list[StoredFragment]
) -> tuple[PlannedHandler, ...]:
    """Each handler once, in the order first triggered, unless a later step or another handler
    supersedes it."""
    handlers: dict[str, Handler] = {}
    because: dict[str, list[str]] = {}
    for entry in pending:
        handlers[entry.id] = Handler(entry.id, entry.script)
        because[entry.id] = []
    for step in steps:
        for handler in step.triggers:
            handlers[handler.name] = handler
            because.setdefault(handler.name, []).append(step.id)
        for name in step.change.supersedes:
            handlers.pop(name, None)
            because.pop(name, None)
    needless = {name for handler in handlers.values() for name in handler.supersedes}
    return tuple(
        PlannedHandler(handler, tuple(because[name]))
        for name, handler in handlers.items()
        if name not in needless
    )
