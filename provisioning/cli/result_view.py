"""Shows how a run's hosts went, and writes down what was left out."""

from rich.console import Console
from rich.text import Text

from ..engine.apply_plans import ApplyResult
from ..operations.host_words import of_host
from ..operations.run import Run


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
