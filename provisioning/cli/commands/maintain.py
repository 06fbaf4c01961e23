"""``cluster maintain``."""

from pathlib import Path
from typing import Any

import click
from rich.console import Console

from ...model.derived.resolve import managed_hosts
from ...model.inventory import Inventory
from ...operations.cluster.cluster import Cluster
from ...operations.cluster.fleet import open_fleet
from ...operations.maintain import commands
from ...operations.maintain.commands import Abort, Begin, MaintenanceCommand, Resume
from ...operations.maintain.options import MaintenanceOptions
from ...operations.maintain.planned import Planned
from ...operations.maintain.work import Work, read_script
from ...operations.notifying.hook import Hook, hooks_of
from ...operations.rolling.result import Outcome
from ..asking import require_answer
from ..frame import changing
from ..local_paths import GIVEN_FILE
from ..lock_wait import lock_wait_option
from ..maintain_dialogue import CHOICES, ConsoleMaintenanceDialogue
from ..maintain_options import maintenance_options
from ..options import (
    host_key_option,
    inventory_option,
    limit_option,
    load_or_exit,
    yes_option,
)
from ..run_values import require_one_pace
from ..saved_run import EXIT_STATUSES, typed_options, usage_errors
from ..selection import chosen
from ..skip_hooks import skip_hooks_option
from ..views.json_output import print_json
from ..views.maintenance import plan_record, show_plan


@click.command()
@inventory_option
@limit_option
@host_key_option
@lock_wait_option
@skip_hooks_option
@click.option("--run", "run", default="", metavar="COMMAND", help="Command line, run as root.")
@click.option(
    "--script",
    type=GIVEN_FILE,
    help="Script, run as root by the program its #! names, else by sh. After --run.",
)
@click.option("--reboot", is_flag=True, help="Reboot each host afterwards.")
@maintenance_options
@click.option("--check", is_flag=True, help="Only show what would be done.")
@click.option("--pause", is_flag=True, help="Stop the run under way after its present hosts.")
@click.option("--resume", is_flag=True, help="Continue a run that was paused, cut or stopped.")
@click.option(
    "--retry", is_flag=True, help="With --resume: hosts whose command failed get another try."
)
@click.option(
    "--cut",
    type=click.Choice(CHOICES),
    help="With --resume: commands cut in the middle run again, count as done, or as failed.  "
    "[default: ask]",
)
@click.option("--abort", is_flag=True, help="Put hosts under way back if they are well, and end.")
@yes_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line and event.")
@click.option(
    "--verify/--no-verify", "verifies", default=True, help="Prove the cluster at the end."
)
@click.pass_context
def maintain(
    context: click.Context,
    /,
    inventory: Path,
    limit: tuple[str, ...],
    run: str,
    script: Path | None,
    reboot: bool,
    check: bool,
    pause: bool,
    resume: bool,
    retry: bool,
    cut: str | None,
    abort: bool,
    as_json: bool,
    yes: bool,
    verifies: bool,
    accept_new_host_keys: bool,
    notify_command: Hook | None,
    webhook: Hook | None,
    **how: Any,
) -> None:
    """Maintain hosts one after the other, without interrupting clients: a command, a script, a
    reboot, such as for packages, a kernel or the driver of GPUs.

    Real servers first, in batches: no new clients, wait for jobs and streams, stop the app, run,
    reboot, start, check GPUs, speak, restore the weight, watch. Then one by one hosts for
    monitoring and logs, edges and directors, whose VIP is moved away before, and storage last. A
    host whose command fails returns to service if it is proved well, and the run stops; else it
    stays out. Each host runs its command once: --resume never runs it again unasked.

    For example: cluster maintain --run 'apt-get update && apt-get -y upgrade' --reboot

    Exit status: 0 done, 1 a host failed or the cluster does not allow it now, 2 wrong inventory or
    command line, 3 paused, 130 interrupted.
    """
    work_given = bool(run or script or reboot)
    _require_form(
        begins=work_given,
        limited=bool(limit),
        forms={"--check": check, "--pause": pause, "--resume": resume, "--abort": abort},
        only_resume={"--retry": retry, "--cut": cut is not None},
    )
    require_answer(yes=yes or resume or abort or check or pause)
    cluster = Cluster(load_or_exit(inventory), inventory)
    console = Console(stderr=as_json)
    if pause:
        commands.pause(cluster)
        if as_json:
            print_json({"event": "pause_asked"}, indent=None)
            return
        console.print(
            "The maintenance stops after its present hosts; --resume continues.", markup=False
        )
        return
    given = typed_options(context, how)
    require_one_pace(given)
    with usage_errors():
        hooks = hooks_of(cluster.inventory.notify, cluster.base_dir, notify_command, webhook)
        proof: dict[str, Any] = {"verifies": verifies and not limit, "hooks": hooks}
        command: MaintenanceCommand
        if resume:
            command = Resume(given=given, retry=retry, **proof)
        elif abort:
            command = Abort(given=given, **proof)
        else:
            text = read_script(script) if script else ""
            name = script.name if script else ""
            work = Work(run=run, script=text, script_name=name, reboot=reboot)
            hosts = _hosts(cluster.inventory, limit)
            command = Begin(hosts=hosts, work=work, how=MaintenanceOptions(**how), **proof)
        if isinstance(command, Begin) and check:
            with open_fleet(
                cluster, accept_new_host_keys=accept_new_host_keys, shared=True
            ) as fleet:
                planned = command.check(cluster, fleet)
            _show_plan(console, planned, as_json=as_json)
            return
        with changing(
            cluster,
            accept_new_host_keys=accept_new_host_keys,
            shared=True,
            yes=yes,
            as_json=as_json,
            own_result=True,
        ) as op:
            dialogue = ConsoleMaintenanceDialogue(console, yes=yes, as_json=as_json, cut=cut)
            outcome = command.execute(op, dialogue)
            op.run.ok = outcome is not Outcome.FAILED
    raise SystemExit(EXIT_STATUSES[outcome])


def _require_form(
    *, begins: bool, limited: bool, forms: dict[str, bool], only_resume: dict[str, bool]
) -> None:
    """Raise a usage error where options do not go together."""
    if sum(forms.values()) > 1:
        raise click.UsageError(f"{', '.join(forms)} exclude each other")
    of_saved = forms["--resume"] or forms["--abort"]
    if of_saved and (begins or limited):
        raise click.UsageError("--resume and --abort keep the hosts and the work of that run")
    if not (of_saved or forms["--pause"] or begins):
        raise click.UsageError("say what to do: --run COMMAND, --script FILE or --reboot")
    if not forms["--resume"] and any(only_resume.values()):
        raise click.UsageError(f"{' and '.join(only_resume)} go with --resume")


def _show_plan(console: Console, planned: Planned, *, as_json: bool) -> None:
    if as_json:
        print_json(plan_record(planned))
    else:
        show_plan(console, planned)


def _hosts(inventory: Inventory, limit: tuple[str, ...]) -> list[str]:
    managed = managed_hosts(inventory)
    names = [name for name in chosen(inventory, limit) if name in managed]
    if not names:
        raise click.UsageError("only clients are meant, which are no part of the service")
    return names
