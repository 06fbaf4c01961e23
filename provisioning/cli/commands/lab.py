"""``cluster lab``: machines on this computer to deploy to."""

import dataclasses
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import click

from ...lab import lifecycle, running
from ...lab import status as lab_status
from ...lab.errors import LabError, LabUsageError
from ..lab_options import name_option, node_argument
from ..options import json_option
from ..views.json_output import print_json
from ..views.lab_status import show_lab
from .lab_up import up


class _LabGroup(click.Group):
    """Turns what the lab has to say into a plain error message."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except LabUsageError as error:
            raise click.UsageError(str(error)) from None
        except LabError as error:
            raise click.ClickException(str(error)) from None


@click.group(cls=_LabGroup)
def lab() -> None:
    """A whole set of machines on this computer, to deploy to as to real ones.

    Directors, real servers and storage each run a Linux kernel of their own (User Mode Linux),
    the client is a set of namespaces. They have sshd, a user `ops` with sudo, and nothing else:
    `cluster deploy` makes them a cluster. Your own network is not touched. Needs root.

    `up` boots them in seconds from this computer's own files; `up --bare` gives each a Debian and a
    disk of its own.

    Exit status: 0 done, 1 failed, 2 wrong command line (also a machine that the lab does not have).
    """


lab.add_command(up)


@lab.command()
@name_option
@json_option
def down(name: str, as_json: bool) -> None:
    """Remove a lab and all that was on it.

    Also one that is half-made or has crashed. JSON: {"name", "processes": number that ended}.
    """
    ended = lifecycle.down(name)
    if as_json:
        print_json({"name": name, "processes": ended})
        return
    click.echo(f"The lab {name!r} is gone ({ended} processes ended).")


@lab.command()
@name_option
@json_option
def status(name: str, as_json: bool) -> None:
    """Show the machines and whether they run and answer.

    With kernel, address and memory of each.
    """
    seen = lab_status.status(running.find(name))
    if as_json:
        print_json(dataclasses.asdict(seen))
    else:
        show_lab(seen)


@lab.command("exec", context_settings={"ignore_unknown_options": True})
@name_option
@node_argument
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def exec_(name: str, node: str, command: tuple[str, ...]) -> None:
    """Run a COMMAND on a machine as `ops`.

    Its words arrive as they are. Exit status: its own.
    """
    _become(running.find(name).ssh_command(node, command, tty=_at_terminal()))


@lab.command()
@name_option
@node_argument
def ssh(name: str, node: str) -> None:
    """Open a shell on a machine as `ops`."""
    _become(running.find(name).ssh_command(node))


@lab.command()
@name_option
@node_argument
@click.option("-f", "--follow", is_flag=True, help="Go on as it grows.")
def logs(name: str, node: str, follow: bool) -> None:
    """Show a machine's console: what its kernel and init have said."""
    found = running.find(name)
    console = found.folder.console(found.topology.node(node).name)
    _become(["tail", "-n", "+1", *(["-F"] if follow else []), str(console)])


@lab.command()
@name_option
@click.option("--path", "only_path", is_flag=True, help="Print where it is instead.")
@json_option
def inventory(name: str, only_path: bool, as_json: bool) -> None:
    """Print the inventory that describes the machines.

    JSON: {"path"}.
    """
    path = running.find(name).inventory
    if as_json:
        print_json({"path": str(path)})
        return
    click.echo(path if only_path else path.read_text("utf-8"), nl=only_path)


@lab.command()
@name_option
@json_option
def url(name: str, as_json: bool) -> None:
    """Print where a browser here reaches the app.

    The way leads through the VIP. JSON: {"url"}.
    """
    found = running.find(name).url
    if as_json:
        print_json({"url": found})
    else:
        click.echo(found)


@lab.command()
@name_option
@node_argument
@click.option("--stop", "how", flag_value="stop", help="Freeze it instead: it falls silent.")
@click.option("--cont", "how", flag_value="cont", help="Let a frozen machine go on.")
@json_option
def kill(name: str, node: str, how: str | None, as_json: bool) -> None:
    """Cut a machine's power: nothing is sent or written any more.

    JSON: {"machine", "state": "off" | "frozen" | "on"}.
    """
    found = running.find(name)
    actions = {
        "stop": (lifecycle.stop, "frozen", "is frozen"),
        "cont": (lifecycle.resume, "on", "goes on"),
    }
    act, state, done = actions.get(how or "", (lifecycle.kill, "off", "is off"))
    act(found, node)
    if as_json:
        print_json({"machine": node, "state": state})
    else:
        click.echo(f"{node} {done}.")


@lab.command()
@name_option
@click.argument("nodes", nargs=-1)
@json_option
def start(name: str, nodes: tuple[str, ...], as_json: bool) -> None:
    """Boot machines that are off, fresh.

    Nothing that was deployed to them is there any more; a bare machine has its disk as the power
    cut left it.

    Without NODES, all that are off. JSON: {"started": [part]}.
    """

    def report(line: str) -> None:
        click.echo(line, err=as_json)

    started = lifecycle.start(running.find(name), nodes, report)
    if as_json:
        print_json({"started": started})
        return
    click.echo(f"Started: {', '.join(started)}." if started else "All were running already.")


@lab.command()
@name_option
@node_argument
@json_option
def reboot(name: str, node: str, as_json: bool) -> None:
    """Restart a bare machine.

    Its services are ended and its disk is kept. Returns when it lets SSH in again. JSON:
    {"machine", "seconds"}.
    """
    started = time.monotonic()
    lifecycle.reboot(running.find(name), node)
    seconds = time.monotonic() - started
    if as_json:
        print_json({"machine": node, "seconds": round(seconds, 1)})
    else:
        click.echo(f"{node} is back after {seconds:.0f} s.")


@lab.command()
@name_option
@node_argument
@click.argument("other", required=False)
@click.option("--control", is_flag=True, help="Also cut it from this computer: no SSH either.")
@json_option
def partition(name: str, node: str, other: str | None, control: bool, as_json: bool) -> None:
    """Cut a machine from the OTHER one, or from all machines.

    `heal` undoes it. JSON: {"cuts": [{"one", "other": name | null, "control": bool}]}, all there
    are.
    """
    changed = lifecycle.partition(running.find(name), node, other, control)
    if as_json:
        print_json({"cuts": [dataclasses.asdict(cut) for cut in changed.record.cuts]})
    else:
        click.echo("\n".join(f"Cut: {cut}" for cut in changed.record.cuts))


@lab.command()
@name_option
@json_option
def heal(name: str, as_json: bool) -> None:
    """Undo all cuts in the network.

    JSON: {"cuts": []}.
    """
    lifecycle.heal(running.find(name))
    if as_json:
        print_json({"cuts": []})
        return
    click.echo("All machines reach each other.")


def _become(argv: list[str]) -> None:
    try:
        sys.exit(subprocess.run(argv, check=False).returncode)
    except FileNotFoundError:
        raise LabError(f"There is no `{Path(argv[0]).name}` on this computer.") from None


def _at_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()
