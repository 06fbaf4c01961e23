"""``cluster rolling-upgrade``."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource
from rich.console import Console
from rich.text import Text

from provisioning.cli import exit_codes
from provisioning.cli.asking import confirm, require_answer
from provisioning.cli.json_view import print_json
from provisioning.cli.options import host_key_option, inventory_option, limit_option, load_or_exit
from provisioning.cli.selection import chosen
from provisioning.cli.upgrade_options import how_options
from provisioning.cli.upgrade_view import plan_record, show_end, show_floors, show_plan, watching
from provisioning.cli.verify import show_checks
from provisioning.cli.working import open_working_fleet
from provisioning.engine.fleet import Fleet
from provisioning.engine.lock import LockedError, cluster_lock
from provisioning.model.secret import reveal
from provisioning.operations.notifying.hook import CommandHook, Hook, HookSyntaxError, WebHook
from provisioning.operations.notifying.notifier import notifying
from provisioning.operations.rolling_upgrade import (
    driving,
    machine,
    preparing,
    remembering,
    state_file,
)
from provisioning.operations.rolling_upgrade.choices import ChoiceError, Choices
from provisioning.operations.rolling_upgrade.driving import Ready
from provisioning.operations.rolling_upgrade.events import UpgradeEvent
from provisioning.operations.rolling_upgrade.floor import floors
from provisioning.operations.rolling_upgrade.living.fleet import open_shared_fleet
from provisioning.operations.rolling_upgrade.runner import Runner
from provisioning.operations.rolling_upgrade.state import RunStatus, Upgrade
from provisioning.operations.rolling_upgrade.target import as_typed
from provisioning.operations.run import Run, recorded
from provisioning.operations.session import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """The command line, but for how to go about it."""

    site: Site
    console: Console
    limit: tuple[str, ...]
    to: str | None
    yes: bool
    as_json: bool
    verifies: bool
    accept_new_host_keys: bool
    hooks: tuple[Hook, ...]


@click.command("rolling-upgrade")
@inventory_option
@limit_option
@host_key_option
@how_options
@click.option("--to", metavar="REF", help="Tag, branch or commit of app.source, or another source.")
@click.option("--check", is_flag=True, help="Only show what would be done.")
@click.option("--pause", is_flag=True, help="Have the run under way stop after the nodes at work.")
@click.option("--resume", is_flag=True, help="Go on with a run that was paused, cut or stopped.")
@click.option(
    "--abort", is_flag=True, help="Take nodes that a cut run left under way back, and end it."
)
@click.option("--yes", is_flag=True, help="Do not ask. Needed where there is no terminal.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line and event.")
@click.option(
    "--verify/--no-verify", "verifies", default=True, help="Prove the cluster at the end."
)
@click.pass_context
def rolling_upgrade(
    context: click.Context,
    /,
    inventory: Path,
    limit: tuple[str, ...],
    to: str | None,
    check: bool,
    pause: bool,
    resume: bool,
    abort: bool,
    as_json: bool,
    yes: bool,
    verifies: bool,
    accept_new_host_keys: bool,
    notify_command: Hook | None,
    webhook: Hook | None,
    **how: Any,
) -> None:
    """Bring a new release to the real servers, a few at a time, with nobody noticing.

    The release is put beside the old one everywhere. Then, node by node: no new clients, wait for
    its jobs and streams, stop, switch, start, wait until every worker has spoken, have it speak
    at its own address and at the VIP, give it clients again, watch errors and speed. A node that
    fails goes back to the old release and its weight, and the run stops. Directors whose
    configuration differs come before, by reload where that is enough.

    Where it stands is written down after every phase: cut at any moment, --resume goes on.

    Exit status: 0 done, 1 a node failed or the cluster does not allow it now, 2 wrong inventory or
    command line, 3 paused, 130 interrupted.
    """
    if sum((check, pause, resume, abort)) > 1:
        raise click.UsageError("--check, --pause, --resume and --abort do not go together")
    goes_on = resume or abort or check or pause
    require_answer(yes=yes or goes_on)
    if (to or limit) and (resume or abort):
        raise click.UsageError("--resume and --abort go on with the hosts and release of that run")
    site = Site(load_or_exit(inventory), inventory)
    console = Console(stderr=as_json)
    if pause:
        _pause(site, console)
        return
    asked = _Asked(
        site=site,
        console=console,
        limit=limit,
        to=as_typed(to, Path.cwd()) if to else None,
        yes=yes,
        as_json=as_json,
        verifies=verifies and not limit,
        accept_new_host_keys=accept_new_host_keys,
        hooks=_hooks(site, notify_command, webhook),
    )
    given = {
        name: value
        for name, value in how.items()
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    }
    try:
        if check:
            status = _check(asked, Choices(**how))
        elif resume or abort:
            status = _go_on(asked, given, give_up=abort)
        else:
            status = _begin(asked, Choices(**how))
    except ChoiceError as error:
        raise click.UsageError(str(error)) from None
    raise SystemExit(status)


def _pause(site: Site, console: Console) -> None:
    try:
        with cluster_lock(site.state_dir, "rolling-upgrade --pause"):
            pass
    except LockedError:
        state_file.ask_to_pause(site.state_dir)
        console.print("The upgrade stops after the nodes at work; --resume goes on.", markup=False)
        return
    raise preparing.NotNowError("no upgrade is under way here, so there is none to pause")


def _check(asked: _Asked, choices: Choices) -> int:
    with open_shared_fleet(asked.site, accept_new_host_keys=asked.accept_new_host_keys) as fleet:
        ready = _made_ready(asked, fleet, choices, "check")
    if asked.as_json:
        record = plan_record(ready.upgrade, ready.notes)
        print_json(record)
    else:
        show_plan(asked.console, ready.upgrade, ready.notes)
    return exit_codes.OK


def _begin(asked: _Asked, choices: Choices) -> int:
    with recorded(asked.site, ["cluster", *sys.argv[1:]]) as run:
        preparing.require_new_run(state_file.load(asked.site.state_dir))
        with open_working_fleet(
            asked.site, run, accept_new_host_keys=asked.accept_new_host_keys, shared=True
        ) as fleet:
            remembering.require_none_elsewhere(asked.site)
            ready = _made_ready(asked, fleet, choices, run.id)
            if not asked.as_json:
                show_plan(asked.console, ready.upgrade, ready.notes)
            if not ready.upgrade.nodes:
                run.ok = True
                return exit_codes.OK
            confirm("Begin?", yes=asked.yes, err=asked.as_json)
            return _drive(asked, run, fleet, ready, Runner.run)


def _go_on(asked: _Asked, given: dict[str, Any], *, give_up: bool) -> int:
    def back(runner: Runner) -> Upgrade:
        return runner.give_up("given up")

    if give_up and not preparing.unfinished(state_file.load(asked.site.state_dir)):
        return _forget_elsewhere(asked)
    with recorded(asked.site, ["cluster", *sys.argv[1:]]) as run:
        # Read under the lock: until now another run may have written it.
        saved = preparing.require_unfinished(state_file.load(asked.site.state_dir))
        saved = replace(saved, choices=replace(saved.choices, **given))
        release = None if give_up else driving.made_again(asked.site, saved)
        upgrade = saved if give_up else machine.resumed(saved)
        with open_working_fleet(
            asked.site, run, accept_new_host_keys=asked.accept_new_host_keys, shared=True
        ) as fleet:
            ready = Ready(upgrade, (), release)
            return _drive(asked, run, fleet, ready, back if give_up else Runner.run)


def _forget_elsewhere(asked: _Asked) -> int:
    """Ends an upgrade that was begun in a folder that is gone."""
    with (
        recorded(asked.site, ["cluster", *sys.argv[1:]]) as run,
        open_working_fleet(asked.site, run, accept_new_host_keys=asked.accept_new_host_keys),
    ):
        upgrade = remembering.elsewhere(asked.site)
        if upgrade is None:
            preparing.require_unfinished(state_file.load(asked.site.state_dir))
        if not asked.yes:
            click.confirm(f"Give up what is known of it: {upgrade}?", abort=True, err=True)
        remembering.forgotten(asked.site)
        run.ok = True
    said = "Given up. Drains and releases of its nodes stay as they are: `cluster status`."
    asked.console.print(said, markup=False, soft_wrap=True)
    return exit_codes.OK


def _made_ready(asked: _Asked, fleet: Fleet, choices: Choices, run_id: str) -> Ready:
    hosts = chosen(asked.site.inventory, asked.limit)
    return driving.make_ready(asked.site, fleet, hosts, asked.to, choices, run_id)


def _drive(
    asked: _Asked, run: Run, fleet: Fleet, ready: Ready, work: Callable[[Runner], Upgrade]
) -> int:
    complaints = Console(stderr=True)
    with (
        notifying(asked.hooks, lambda text: complaints.print(Text(text, "yellow"))) as notifier,
        watching(asked.console, ready.upgrade, as_json=asked.as_json) as watch,
    ):

        def tell(event: UpgradeEvent) -> None:
            watch(event)
            notifier.send({**driving.about(asked.site, run, ready.upgrade), **event.record()})

        remembering.under_way(asked.site, ready.upgrade)
        ended = driving.drive(
            asked.site,
            run,
            fleet,
            ready,
            work,
            verifies=asked.verifies,
            watch=watch,
            tell=tell,
        )
    remembering.ended(asked.site, ended.upgrade)
    if not asked.as_json:
        if ended.checks:
            show_checks(asked.console, list(ended.checks))
        show_floors(asked.console, floors(ended.upgrade))
        show_end(asked.console, ended.upgrade)
    if ended.upgrade.status is RunStatus.PAUSED and ended.ok:
        return exit_codes.PAUSED
    return exit_codes.OK if ended.ok else exit_codes.FAILED


def _hooks(site: Site, command: Hook | None, webhook: Hook | None) -> tuple[Hook, ...]:
    """Those of the command line, else the inventory's."""
    notify = site.inventory.notify
    try:
        if notify.command and command is None:
            command = CommandHook.parse(notify.command)
        if notify.webhook and webhook is None:
            webhook = WebHook.parse(reveal(notify.webhook, site.base_dir))
    except HookSyntaxError as error:
        raise click.UsageError(f"the inventory's notify: {error}") from None
    return tuple(hook for hook in (command, webhook) if hook)
