"""``cluster history``."""

from dataclasses import asdict, dataclass
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from ...engine.journal import Record, RunRecord, read_run, runs
from ...model.past_run import PastRun
from ...operations.cluster.cluster import Cluster
from ...operations.cluster.fleet import open_fleet
from ...operations.host_words import of_host
from ...operations.node_history import node_history
from ...operations.run.memory import remembered
from .. import exit_codes
from ..options import host_key_option, inventory_option, load_or_exit
from ..views.events import events_table
from ..views.json_output import print_json
from ..views.table import FittingTable

_STYLES = {
    "ok": "green",
    "failed": "red",
    "refused": "yellow",
    "interrupted": "yellow",
    "cut": "yellow",
}
_NOTHING_HERE = "Nothing has been done from here yet. --all asks for runs from other machines."


@dataclass(frozen=True, slots=True)
class _Asked:
    """Options that stand before ``show`` and ``nodes``."""

    cluster: Cluster
    as_json: bool
    everybodys: bool
    accept_new_host_keys: bool

    def past_runs(self) -> tuple[PastRun, ...]:
        """Runs that the cluster remembers: as this folder last saw it, or asked now. Raises
        ``ClickException`` where nobody answers."""
        if not self.everybodys:
            return self.cluster.record.history
        with open_fleet(self.cluster, accept_new_host_keys=self.accept_new_host_keys) as fleet:
            memory = remembered(self.cluster, fleet)
            silent = [of_host(name, str(error)) for name, error in fleet.errors.items()]
        if not memory.asked:
            told = "; ".join(silent)
            raise click.ClickException(f"nobody who remembers the cluster can be asked: {told}")
        for one in silent:
            click.echo(f"not asked: {one}", err=True)
        return memory.record.history


@click.group(invoke_without_command=True)
@inventory_option
@host_key_option
@click.option(
    "--all", "everybodys", is_flag=True, help="Also runs from other machines: ask the cluster."
)
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@click.pass_context
def history(
    context: click.Context,
    inventory: Path,
    accept_new_host_keys: bool,
    everybodys: bool,
    as_json: bool,
) -> None:
    """Show what was done to this cluster from here: who, when, what, how it ended.

    With --all also what was done from other machines and folders, as the directors remember it
    (the last 50 runs). The steps of such a run are in the folder that it was run from.

    Exit status: 0 shown, 1 what is kept cannot be read, 2 wrong inventory or command line.
    """
    cluster = Cluster(load_or_exit(inventory), inventory)
    asked = _Asked(cluster, as_json, everybodys, accept_new_host_keys)
    context.obj = asked
    if context.invoked_subcommand is not None:
        return
    found = [_summary(run) for run in runs(cluster.history_dir)]
    if everybodys:
        here = {one["id"] for one in found}
        found += [asdict(run) for run in asked.past_runs() if run.id not in here]
        found.sort(key=lambda one: str(one["id"]), reverse=True)
    if as_json:
        print_json(found)
        return
    if not found:
        click.echo("Nothing has been done yet." if everybodys else _NOTHING_HERE)
        return
    table = FittingTable(headings=("id", "command", "who", "changed", "result"))
    for summary in found:
        words = [str(summary[key]) for key in ("id", "command", "who", "changed")]
        result = str(summary["result"])
        table.add_row(*words, Text(result, _STYLES.get(result, "")))
    Console().print(table)


@history.command()
@click.argument("run_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Print the records as JSON.")
@click.pass_obj
def show(asked: "_Asked", run_id: str, as_json: bool) -> None:
    """Show one run: its plan, every step's output, its result.

    Exit status: 0 shown, 1 there is no such run here, 2 wrong inventory or command line.
    """
    cluster = asked.cluster
    try:
        run = read_run(cluster.history_dir, run_id)
    except KeyError:
        for known in asked.past_runs():
            if known.id == run_id:
                raise click.ClickException(
                    f"{run_id} ({known.command}: {known.result}) was run by {known.who} from "
                    "another folder; its steps are there"
                ) from None
        raise click.ClickException(
            f"no run {run_id!r} in {cluster.history_dir}; "
            f"`cluster history{' --all' if asked.everybodys else ''}` lists them"
        ) from None
    if as_json or asked.as_json:
        print_json(run.records)
        return
    _show(Console(), run)


@history.command(short_help="Show what nodes did by themselves: GPUs out and back.")
@host_key_option
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@click.pass_obj
def nodes(asked: "_Asked", accept_new_host_keys: bool, as_json: bool) -> None:
    """Show what nodes did by themselves: GPUs that went out of service and came back, and why.

    Exit status: 0 all nodes told, 1 one did not, 2 wrong inventory or command line.
    """
    cluster = asked.cluster
    names = list(cluster.inventory.real_servers.hosts)
    with open_fleet(cluster, accept_new_host_keys=accept_new_host_keys) as fleet:
        events, silent = node_history(cluster.inventory, fleet, names)
    if as_json or asked.as_json:
        print_json({"events": [{"host": n, **asdict(e)} for n, e in events], "silent": silent})
    elif events:
        Console().print(events_table(events))
    elif not silent:
        click.echo("No node did anything by itself.")
    for name, reason in silent.items():
        click.secho(of_host(name, reason), fg="red", err=True)
    raise SystemExit(exit_codes.FAILED if silent else exit_codes.OK)


def _summary(run: RunRecord) -> dict[str, object]:
    begin = run.first("begin")
    hosts = [record for record in run.records if record["kind"] == "host"]
    return {
        "id": run.id,
        "command": begin.get("command", ""),
        "who": begin.get("who", ""),
        "time": begin.get("time", ""),
        "changed": sum(record["outcome"] == "changed" for record in hosts),
        "result": run.result,
        "reason": run.first("end").get("reason", ""),
        "hooks_skipped": run.first("hooks_skipped").get("reason", ""),
    }


def _hook_line(record: Record) -> Text:
    where = f"{record['host']}: " if record["host"] else ""
    mark = "ok" if record["status"] == 0 else f"status {record['status']}"
    said = " ".join(filter(None, [mark, record["said"]]))
    title = f"{where}{record['moment']} {record['step']}: {record['program']}"
    return Text(f"{title}: {said}", "green" if record["status"] == 0 else "red")


def _show(console: Console, run: RunRecord) -> None:
    summary = _summary(run)
    console.print(
        Text(f"{run.id}  {summary['command']}  by {summary['who']}", "bold"), soft_wrap=True
    )
    for record in run.records:
        if record["kind"] == "plan":
            for step in record["plan"]["steps"]:
                console.print(
                    Text(f"  plan {record['plan']['host']}: {step['id']}", "dim"), soft_wrap=True
                )
                for line in (step["diff"] or "").splitlines()[2:]:
                    console.print(Text(f"      {line}", "dim"), soft_wrap=True)
        elif record["kind"] == "wave":
            console.print(
                Text(f"== {record['title']}: {', '.join(record['hosts'])}", "bold"), soft_wrap=True
            )
        elif record["kind"] == "host":
            style = "green" if record["outcome"] in ("changed", "unchanged") else "red"
            console.print(
                Text(f"{record['host']}: {record['outcome']} {record['message']}", style),
                soft_wrap=True,
            )
            for step in record["steps"]:
                mark = "ok" if step["status"] == 0 else f"status {step['status']}"
                console.print(
                    f"  {step['title']}  {mark}  {step['seconds']} s", markup=False, soft_wrap=True
                )
                for line in step["output"].splitlines():
                    console.print(Text(f"      {line}", "dim"), soft_wrap=True)
        elif record["kind"] == "output":
            for line in record["text"].splitlines():
                text = Text.assemble((f"{record['host']}: ", "cyan"), (line, "dim"))
                console.print(text, soft_wrap=True)
        elif record["kind"] == "skipped":
            console.print(
                Text(f"{record['host']}: skipped: {record['reason']}", "red"), soft_wrap=True
            )
        elif record["kind"] == "hooks_skipped":
            console.print(Text(f"hooks skipped: {record['reason']}", "yellow"), soft_wrap=True)
        elif record["kind"] == "hook":
            console.print(_hook_line(record), soft_wrap=True)
        elif record["kind"] == "mend":
            mark = "ok" if record["ok"] else f"FAILED {record['said']}"
            line = f"{record['host']}: {record['command']}: {mark}"
            console.print(line, markup=False, soft_wrap=True)
        elif record["kind"] == "check":
            mark = {True: "ok", False: "FAILED", None: "skipped"}[record["ok"]]
            console.print(
                f"verify: {record['name']}: {mark} {record['evidence']}",
                markup=False,
                soft_wrap=True,
            )
    reason = f": {summary['reason']}" if summary["reason"] else ""
    console.print(
        Text(f"result: {run.result}{reason}", _STYLES.get(run.result, "bold")), soft_wrap=True
    )
