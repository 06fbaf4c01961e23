"""Plans and the results of applying them, for a person."""

from collections.abc import Collection, Mapping

from rich.console import Console
from rich.text import Text

from ...engine.apply_plans import ApplyResult
from ...engine.plan import REMOVE, HostPlan
from ...engine.plan_record import diff
from ...model.runtime import Pin
from ...operations.host_words import of_host
from ...operations.planning import Plans
from ...operations.run.run import Run
from ...places import STATE

_DIFF_STYLES = {"+": "green", "-": "red", "@": "cyan"}
_NOT_OURS = (
    f"not put there by this program; kept in {STATE}/original, and `cluster destroy` puts it back"
)
_LIFT = "`cluster rollback --lift` or a rolling upgrade ends that"


def show_plans(console: Console, plans: Plans) -> None:
    """Every host with what would change there, and a last line that counts."""
    for name, plan in plans.hosts.items():
        _show_host(console, name, plan)
    for name in plans.leaving:
        text = f"{name}: leaves the cluster: drained, taken off directors and edges, then cleaned"
        console.print(Text(text, "magenta"), soft_wrap=True)
    for name in plans.drained_first:
        text = f"{name}: drained first: its work ends before it is changed, the others serve"
        console.print(Text(text, "cyan"), soft_wrap=True)
    for name, reason in plans.interrupted.items():
        text = f"{name}: NOT drained, clients are refused while it is changed: {reason}"
        console.print(Text(text, "bold red"), soft_wrap=True)
    for line in plans.told:
        console.print(Text(line, "yellow"), soft_wrap=True)
    for name, drain in plans.drains.items():
        console.print(Text(f"{name}: {drain}", "yellow"), soft_wrap=True)
    for pin in pin_lines(plans.pins, plans.hosts):
        console.print(pin, soft_wrap=True)
    for name, reason in plans.unreachable.items():
        console.print(Text(of_host(name, reason, "unreachable"), "bold red"), soft_wrap=True)
    steps = sum(len(plan.steps) for plan in plans.hosts.values())
    handlers = sum(len(plan.handlers) for plan in plans.hosts.values())
    changing = sum(plan.changes for plan in plans.hosts.values())
    every = len(plans.hosts) + len(plans.unreachable)
    parts = []
    if plans.changes:
        parts.append(f"{changing} of {every} hosts change: {steps} changes, {handlers} handlers")
    elif unchanged := len(plans.hosts) - len(plans.blocked):
        parts.append(f"No changes on {unchanged} of {every} hosts")
    if plans.blocked:
        parts.append(f"not ready: {', '.join(plans.blocked)}")
    if plans.unreachable:
        parts.append(f"unreachable: {', '.join(plans.unreachable)}")
    console.print(Text("; ".join(parts) + ".", "bold"), soft_wrap=True)


def _show_host(console: Console, name: str, plan: HostPlan) -> None:
    if plan.unfinished_by:
        console.print(
            Text(
                f"{name}: {plan.unfinished_by} did not finish here; this goes on from it", "yellow"
            )
        )
    for requirement, said in plan.unmet:
        console.print(Text(f"{name}: not ready: {requirement.title}", "bold red"), soft_wrap=True)
        if said:
            console.print(Text(f"    found: {said}", "red"), soft_wrap=True)
        console.print(Text(f"    fix: {requirement.fix}", "red"), soft_wrap=True)
    for problem in plan.problems:
        console.print(Text(f"{name}: {problem}", "bold red"), soft_wrap=True)
    if not plan.changes:
        console.print(Text(f"{name}: no changes", "dim"), soft_wrap=True)
        return
    console.print(Text(f"{name}: {len(plan.steps)} changes", "bold"), soft_wrap=True)
    for step in plan.steps:
        sign, style = ("-", "red") if step.change.summary == REMOVE else ("~", "yellow")
        console.print(Text(f"  {sign} {step.id}: {step.change.summary}", style), soft_wrap=True)
        if plan.adopts(step):
            console.print(Text(f"      {_NOT_OURS}", "bold yellow"), soft_wrap=True)
        for line in (diff(step.change) or "").splitlines()[2:]:
            console.print(Text(f"      {line}", _DIFF_STYLES.get(line[:1], "dim")), soft_wrap=True)
    for planned in plan.handlers:
        why = f" (after {', '.join(planned.because)})" if planned.because else " (left over)"
        console.print(Text(f"  ! {planned.handler.name}{why}", "magenta"), soft_wrap=True)


def pin_lines(pins: Mapping[str, Pin], names: Collection[str]) -> list[Text]:
    """A line for each of these hosts that is pinned."""
    return [Text(f"{name} {pin}; {_LIFT}", "yellow") for name, pin in pins.items() if name in names]


def show_result(console: Console, result: ApplyResult, run: Run) -> None:
    """Show what was not changed and why, what failed, and what changed."""
    for name, reason in result.skipped.items():
        run.journal.write("skipped", host=name, reason=reason)
        console.print(Text(of_host(name, reason, "not changed"), "bold red"), soft_wrap=True)
    for name, host in result.hosts.items():
        if not host.ok:
            console.print(
                Text(of_host(name, host.message, host.outcome), "bold red"), soft_wrap=True
            )
    changed = [name for name, host in result.hosts.items() if host.outcome == "changed"]
    if changed:
        console.print(Text(f"Changed: {', '.join(changed)}", "bold green"), soft_wrap=True)
    elif result.ok:
        console.print(Text("Nothing to change.", "bold green"), soft_wrap=True)
    if not result.ok:
        console.print(
            f"`cluster history show {run.id}` has the details.", markup=False, soft_wrap=True
        )


def show_lacking(console: Console, lacking: list[str]) -> None:
    """Nodes that are as wanted and get no clients yet."""
    for text in lacking:
        said = f"Not in service yet: {text}. `cluster status` says why"
        console.print(Text(said, "yellow"), soft_wrap=True)
