"""Plans and the results of applying them, for a person."""

import re
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
from .folding import alike, folds, listed, title, without_names

_DIFF_STYLES = {"+": "green", "-": "red", "@": "cyan"}
_NOT_OURS = (
    f"not put there by this program; kept in {STATE}/original, and `cluster destroy` puts it back"
)
_LIFT = "`cluster rollback --lift` or a rolling upgrade ends that"


def show_plans(console: Console, plans: Plans) -> None:
    """Every host with what would change there, and a line that counts. Where there are many, it is
    the first, and hosts with the same before them are one."""
    fold = folds(len(plans.hosts) + len(plans.unreachable))
    lines = [
        *_hosts(plans, fold=fold),
        *_alike(
            dict.fromkeys(
                plans.leaving,
                "leaves the cluster: drained, taken off directors and edges, then cleaned",
            ),
            "magenta",
            fold=fold,
        ),
        *_alike(
            dict.fromkeys(
                plans.drained_first,
                "drained first: its work ends before it is changed, the others serve",
            ),
            "cyan",
            fold=fold,
        ),
        *_alike(
            {
                name: f"NOT drained, clients are refused while it is changed: {reason}"
                for name, reason in plans.interrupted.items()
            },
            "bold red",
            fold=fold,
        ),
        *(Text(line, "cyan") for line in plans.hooks),
        *(Text(line, "yellow") for line in plans.told),
        *_alike({name: str(drain) for name, drain in plans.drains.items()}, "yellow", fold=fold),
        *pin_lines(plans.pins, plans.hosts),
        *of_hosts(plans.unreachable, "unreachable", fold=fold),
    ]
    counts = [Text(_counts(plans), "bold")]
    for line in [*counts, *lines] if fold else [*lines, *counts]:
        console.print(line, soft_wrap=True)


def _hosts(plans: Plans, *, fold: bool) -> list[Text]:
    said = {
        name: tuple(without_names(line.plain, plans.names) for line in _of_host("", plan))
        for name, plan in plans.hosts.items()
    }
    lines: list[Text] = []
    for names in alike(said, fold=fold):
        shown = _of_host(title(names), plans.hosts[names[0]])
        if len(names) > 1 and len(shown) > 1:
            told = f", as here on {names[0]} but for names and addresses"
            shown[0] = Text.assemble(shown[0], (told, "dim"))
        lines += shown
    return lines


def _alike(said: Mapping[str, str], style: str, *, fold: bool) -> list[Text]:
    return [Text(f"{title(names)}: {said[names[0]]}", style) for names in alike(said, fold=fold)]


def of_hosts(reasons: Mapping[str, str], event: str, *, fold: bool) -> list[Text]:
    """Reasons that are those of one connection are alike but for names and numbers."""
    said = {
        name: re.sub(r"[0-9]+", "#", of_host("", reason).replace(name, ""))
        for name, reason in reasons.items()
    }
    lines = []
    for names in alike(said, fold=fold):
        reason = of_host(names[0], reasons[names[0]], event)
        if len(names) > 1:
            reason = of_host(title(names), f"{event}; the first: {reason}".removeprefix("; "))
        lines.append(Text(reason, "bold red"))
    return lines


def _counts(plans: Plans) -> str:
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
        parts.append(f"not ready: {listed(plans.blocked)}")
    if plans.unreachable:
        parts.append(f"unreachable: {listed(plans.unreachable)}")
    return "; ".join(parts) + "."


def _of_host(name: str, plan: HostPlan) -> list[Text]:
    lines = []
    if plan.unfinished_by:
        lines.append(
            Text(
                f"{name}: {plan.unfinished_by} did not finish here; this goes on from it", "yellow"
            )
        )
    for requirement, said in plan.unmet:
        lines.append(Text(f"{name}: not ready: {requirement.title}", "bold red"))
        if said:
            lines.append(Text(f"    found: {said}", "red"))
        lines.append(Text(f"    fix: {requirement.fix}", "red"))
    lines += [Text(f"{name}: {problem}", "bold red") for problem in plan.problems]
    if not plan.changes:
        return [*lines, Text(f"{name}: no changes", "dim")]
    lines.append(Text(f"{name}: {len(plan.steps)} changes", "bold"))
    for step in plan.steps:
        sign, style = ("-", "red") if step.change.summary == REMOVE else ("~", "yellow")
        lines.append(Text(f"  {sign} {step.id}: {step.change.summary}", style))
        if plan.adopts(step):
            lines.append(Text(f"      {_NOT_OURS}", "bold yellow"))
        for line in (diff(step.change) or "").splitlines()[2:]:
            lines.append(Text(f"      {line}", _DIFF_STYLES.get(line[:1], "dim")))
    for planned in plan.handlers:
        why = f" (after {', '.join(planned.because)})" if planned.because else " (left over)"
        lines.append(Text(f"  ! {planned.handler.name}{why}", "magenta"))
    return lines


def pin_lines(pins: Mapping[str, Pin], names: Collection[str]) -> list[Text]:
    """A line for each of these hosts that is pinned."""
    return [Text(f"{name} {pin}; {_LIFT}", "yellow") for name, pin in pins.items() if name in names]


def show_result(console: Console, result: ApplyResult, run: Run) -> None:
    """Show what was not changed and why, what failed, and what changed."""
    fold = folds(len(result.hosts) + len(result.skipped))
    for name, reason in result.skipped.items():
        run.journal.write("skipped", host=name, reason=reason)
    lines = of_hosts(result.skipped, "not changed", fold=fold)
    wrong = {name: host for name, host in result.hosts.items() if not host.ok}
    for outcome in dict.fromkeys(host.outcome for host in wrong.values()):
        reasons = {name: host.message for name, host in wrong.items() if host.outcome == outcome}
        lines += of_hosts(reasons, outcome, fold=fold)
    for line in lines:
        console.print(line, soft_wrap=True)
    changed = [name for name, host in result.hosts.items() if host.outcome == "changed"]
    if changed:
        console.print(Text(f"Changed: {listed(changed)}", "bold green"), soft_wrap=True)
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
