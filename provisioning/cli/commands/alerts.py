"""``cluster alerts``."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource
from rich.console import Console
from rich.text import Text

from ...facts.alerts import Alert
from ...model.inventory import Inventory
from ...model.watching.monitoring import Monitoring
from ...model.watching.receiver import Severity
from ...operations.alerts.asking import Burning, burning_alerts, silence, tell_a_test
from ...operations.cluster.cluster import Cluster
from ...operations.cluster.fleet import open_fleet
from ...operations.run.operator_name import operator_name
from .. import exit_codes
from ..options import host_key_option, inventory_option, json_option, load_or_exit
from ..views.json_output import print_json
from ..views.table import FittingTable

_COLOURS = {"critical": "bold red", "warning": "yellow"}
_UNITS = {"m": 60, "h": 3600, "d": 86400}


def _duration(_ctx: click.Context, _param: click.Parameter, value: str) -> float:
    """``30m``, ``2h`` or ``1d``, as seconds."""
    if match := re.fullmatch(r"([1-9]\d{0,4})([mhd])", value.strip()):
        return float(int(match[1]) * _UNITS[match[2]])
    raise click.BadParameter(f"{value!r} is no duration such as 30m, 2h or 1d")


@click.group(invoke_without_command=True)
@inventory_option
@host_key_option
@json_option
@click.pass_context
def alerts(
    context: click.Context, inventory: Path, accept_new_host_keys: bool, as_json: bool
) -> None:
    """Show which alerts burn in a cluster that is monitored (monitoring: in the inventory).

    A monitoring host is asked over SSH for what its Alertmanager has; the others would say the
    same. JSON: {"host": str, "watched": bool, "alerts": [{"name", "severity", "labels", "since",
    "summary", "description", "runbook", "state": "active" | "suppressed", "silenced_by": [id]}]}.
    Where "watched" is false, Prometheus tells Alertmanager nothing, and no alert means nothing.

    Exit status: 0 nothing burns that is not silenced, 1 something does or nobody can say, 2 wrong
    inventory (or one without monitoring.hosts) or command line.
    """
    if context.invoked_subcommand is not None:
        _refuse_options(context)
        return
    cluster, monitoring = _monitored(inventory)
    with open_fleet(cluster, accept_new_host_keys=accept_new_host_keys) as fleet:
        burning = burning_alerts(monitoring, fleet)
    if as_json:
        print_json(_record(burning))
    else:
        _show(burning)
    loud = any(one.state == "active" for one in burning.alerts)
    well = burning.watched and not loud
    raise SystemExit(exit_codes.OK if well else exit_codes.FAILED)


@alerts.command("silence", short_help="Let nobody be told of an alert for a time.")
@inventory_option
@host_key_option
@json_option
@click.option(
    "--for",
    "seconds",
    callback=_duration,
    default="2h",
    show_default=True,
    help="How long: 30m, 2h, 1d.",
)
@click.option(
    "--label",
    "labels",
    multiple=True,
    metavar="NAME=VALUE",
    help="Only with this label, such as node=rs1; may be repeated.",
)
@click.option("--comment", default="", help="The reason, for others.")
@click.argument("alert")
def silence_(
    inventory: Path,
    accept_new_host_keys: bool,
    as_json: bool,
    seconds: float,
    labels: tuple[str, ...],
    comment: str,
    alert: str,
) -> None:
    """Let nobody be told of an alert for a time; it is seen in `cluster alerts` all the same.

    ALERT is its name, as `cluster alerts` shows it. The alert's own runbook stays what it is: what
    is wrong is not mended. JSON: {"silence": id}.

    Exit status: 0 done, 1 no Alertmanager answers, 2 wrong inventory or command line.
    """
    cluster, monitoring = _monitored(inventory)
    wanted = {"alertname": alert, "cluster": cluster.inventory.name, **dict(map(_label, labels))}
    with open_fleet(cluster, accept_new_host_keys=accept_new_host_keys) as fleet:
        made = silence(
            monitoring,
            fleet,
            wanted,
            since=datetime.now(UTC),
            seconds=seconds,
            who=operator_name(),
            comment=comment or "cluster alerts silence",
        )
    if as_json:
        print_json({"silence": made})
    else:
        click.echo(f"Nobody is told of {alert} for {seconds / 3600:g} h (silence {made}).")


@alerts.command("test")
@inventory_option
@host_key_option
@json_option
@click.option(
    "--severity",
    type=click.Choice([one.value for one in Severity]),
    default="warning",
    show_default=True,
    help="Whoever gets alerts of this severity is told.",
)
def test(inventory: Path, accept_new_host_keys: bool, as_json: bool, severity: str) -> None:
    """Tell an alert that means nothing, to see whether people get it. It ends by itself.

    JSON: {"host": the one that tells it}.

    Exit status: 0 an Alertmanager took it, 1 none answers, 2 wrong inventory or command line.
    """
    cluster, monitoring = _monitored(inventory)
    with open_fleet(cluster, accept_new_host_keys=accept_new_host_keys) as fleet:
        name = cluster.inventory.name
        now, who = datetime.now(UTC), operator_name()
        host = tell_a_test(monitoring, fleet, name, severity, since=now, who=who)
    if as_json:
        print_json({"host": host})
        return
    told = [one.name for one in monitoring.receivers if severity in one.severities]
    click.echo(f"{host} tells {', '.join(told) or 'nobody'} within half a minute.")


def _refuse_options(context: click.Context) -> None:
    """Those in front of a command of the group would be lost."""
    for one in context.params:
        if context.get_parameter_source(one) is ParameterSource.COMMANDLINE:
            raise click.UsageError(
                f"options stand behind the command: cluster alerts {context.invoked_subcommand} …"
            )


def _monitored(path: Path) -> tuple[Cluster, Monitoring]:
    inventory: Inventory = load_or_exit(path)
    monitoring = inventory.monitoring
    if monitoring is None or not monitoring.hosts:
        raise click.UsageError(
            "the inventory has no monitoring.hosts, so nobody knows: docs/monitoring.md"
        )
    return Cluster(inventory, path), monitoring


def _label(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise click.BadParameter(f"{text!r} is not NAME=VALUE", param_hint="--label")
    return name, value


def _record(burning: Burning) -> dict[str, Any]:
    return {
        "host": burning.host,
        "watched": burning.watched,
        "alerts": [
            {
                "name": one.name,
                "severity": one.severity,
                "labels": dict(one.labels),
                "since": one.since.isoformat(),
                "summary": one.summary,
                "description": one.description,
                "runbook": one.runbook,
                "state": one.state,
                "silenced_by": list(one.silenced_by),
            }
            for one in burning.alerts
        ],
    }


def _show(burning: Burning) -> None:
    console = Console()
    if not burning.watched:
        text = f"{burning.host} is told nothing by Prometheus: see `cluster status`"
        console.print(Text(text, "bold red"))
    if not burning.alerts:
        if burning.watched:
            console.print(Text("Nothing burns.", "bold green"))
        return
    table = FittingTable(headings=("severity", "alert", "since", "what", "runbook"))
    for one in burning.alerts:
        table.add_row(_severity(one), one.name, _since(one), one.summary, one.runbook)
    console.print(table)


def _severity(alert: Alert) -> Text:
    if alert.state != "active":
        word = "silenced" if alert.silenced_by else "covered"
        return Text(f"{alert.severity}, {word}", "dim")
    return Text(alert.severity, _COLOURS.get(alert.severity, ""))


def _since(alert: Alert) -> str:
    return f"{alert.since.astimezone():%m-%d %H:%M}"
