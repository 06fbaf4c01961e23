"""``cluster lab``: machines on this computer to deploy to."""

import dataclasses
import subprocess
import sys
import time
from collections.abc import Callable
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from ...lab import lifecycle, running
from ...lab import status as lab_status
from ...lab.bare.release import Release
from ...lab.errors import LabError
from ...lab.status import Condition, LabStatus
from ...lab.topology import (
    DEFAULT_NETWORK,
    Lan,
    Size,
    bare_memory,
    kinds,
    memory_key,
    plan,
)
from ..views.json_output import print_json

_DEBIAN = Release.BOOKWORM
_PORT = click.IntRange(1, 65535)


class _LabGroup(click.Group):
    """Turns what the lab has to say into a plain error message."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except LabError as error:
            raise click.ClickException(str(error)) from None


def _to_network(_ctx: click.Context, _param: click.Parameter, value: str) -> IPv4Network:
    try:
        return IPv4Network(value)
    except ValueError as error:
        raise click.BadParameter(f"{value!r} is no network such as 10.77.0.0/24: {error}") from None


_name_option = click.option(
    "--name", default="lab", show_default=True, help="Which lab; several can be up at once."
)
_node_argument = click.argument("node")


@click.group(cls=_LabGroup)
def lab() -> None:
    """A whole set of machines on this computer, to deploy to as to real ones.

    Directors, real servers and storage each run a Linux kernel of their own (User Mode Linux),
    the client is a set of namespaces. They have sshd, a user `ops` with sudo, and nothing else:
    `cluster deploy` makes them a cluster. Your own network is not touched. Needs root.

    `up` boots them in seconds from this computer's own files; `up --bare` gives each a Debian and a
    disk of its own.
    """


def _size_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Number and memory of each kind of machine."""
    options = [
        click.option(_flag(key), default=kind.number, show_default=True, metavar="N", type=int)
        for key, kind in kinds().items()
    ]
    options += [
        click.option(
            _flag(memory_key(kind)),
            metavar="MIB",
            type=int,
            help=f"[default: {kind.memory}; bare: {bare_memory(kind)}]",
        )
        for kind in kinds().values()
        if kind.memory
    ]
    for option in reversed(options):
        command = option(command)
    return command


def _flag(key: str) -> str:
    return "--" + key.replace("_", "-")


@lab.command()
@_name_option
@_size_options
@click.option(
    "--bare",
    is_flag=True,
    help="Machines with nothing but a small Debian, systemd and a disk that survives power cuts.",
)
@click.option(
    "--debian",
    "releases",
    type=click.Choice([str(release.value) for release in Release]),
    multiple=True,
    help="Release of bare machines; given several times, each role's have them in turn."
    f"  [default: {_DEBIAN}]",
)
@click.option(
    "--shared-kernel",
    is_flag=True,
    help="Bare real servers in namespaces, on this computer's kernel: many times as fast, and"
    " without storage.",
)
@click.option(
    "--lan",
    "network",
    callback=_to_network,
    default=str(DEFAULT_NETWORK),
    show_default=True,
    help="The machines' network, a /24; it exists inside the lab only.",
)
@click.option("--web-port", type=_PORT, help="Port of 127.0.0.1 for the app; default: a free one.")
@click.option(
    "--vip-port",
    "vip_ports",
    type=_PORT,
    multiple=True,
    help="A further port of the VIP to reach from 127.0.0.1. May be given several times.",
)
@click.option(
    "--sudo-password",
    "asks_password",
    is_flag=True,
    help="Let sudo on the machines ask for a password; it is made up and kept in a file.",
)
def up(
    name: str,
    network: IPv4Network,
    web_port: int | None,
    vip_ports: tuple[int, ...],
    asks_password: bool,
    bare: bool,
    shared_kernel: bool,
    releases: tuple[str, ...],
    **size: int | None,
) -> None:
    """Boot the machines, all ready to be deployed to."""
    if shared_kernel and not bare:
        raise click.UsageError("--shared-kernel goes with --bare.")
    if releases and not bare:
        raise click.UsageError("--debian goes with --bare: other machines have this one's files.")
    started = time.monotonic()

    def report(line: str) -> None:
        click.echo(f"{time.monotonic() - started:5.1f} s  {line}")

    given = {part: number for part, number in size.items() if number is not None}
    debian = (tuple(map(int, releases)) or (_DEBIAN,)) if bare else ()
    sizes = Size.bare(**given) if bare else Size(**given)
    topology = plan(name, sizes, Lan(network), debian, shared_kernel)
    made = lifecycle.up(topology, web_port or 0, vip_ports, asks_password, report)
    report(f"ready to deploy: {len(topology.nodes)} machines, up to {topology.memory} MiB")
    click.echo(f"\nInventory: {made.inventory}\nDeploy:    cluster deploy -i {made.inventory}")
    click.echo(f"The app, once deployed: {made.url}")
    for forward in made.record.forwards[1:]:
        click.echo(f"Port {forward.port} of the VIP: 127.0.0.1:{forward.host_port}")


@lab.command()
@_name_option
def down(name: str) -> None:
    """Remove a lab and all that was on it.

    Also one that is half-made or has crashed.
    """
    ended = lifecycle.down(name)
    click.echo(f"The lab {name!r} is gone ({ended} processes ended).")


@lab.command()
@_name_option
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def status(name: str, as_json: bool) -> None:
    """Show the machines and whether they run and answer.

    With kernel, address and memory of each.
    """
    seen = lab_status.status(running.find(name))
    if as_json:
        print_json(dataclasses.asdict(seen))
    else:
        _show(seen)


@lab.command("exec", context_settings={"ignore_unknown_options": True})
@_name_option
@_node_argument
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def exec_(name: str, node: str, command: tuple[str, ...]) -> None:
    """Run a COMMAND on a machine as `ops`.

    Its words arrive as they are. Exit status: its own.
    """
    _become(running.find(name).ssh_command(node, command, tty=_at_terminal()))


@lab.command()
@_name_option
@_node_argument
def ssh(name: str, node: str) -> None:
    """Open a shell on a machine as `ops`."""
    _become(running.find(name).ssh_command(node))


@lab.command()
@_name_option
@_node_argument
@click.option("-f", "--follow", is_flag=True, help="Go on as it grows.")
def logs(name: str, node: str, follow: bool) -> None:
    """Show a machine's console: what its kernel and init have said."""
    found = running.find(name)
    console = found.folder.console(found.topology.node(node).name)
    _become(["tail", "-n", "+1", *(["-F"] if follow else []), str(console)])


@lab.command()
@_name_option
@click.option("--path", "only_path", is_flag=True, help="Print where it is instead.")
def inventory(name: str, only_path: bool) -> None:
    """Print the inventory that describes the machines."""
    path = running.find(name).inventory
    click.echo(path if only_path else path.read_text("utf-8"), nl=only_path)


@lab.command()
@_name_option
def url(name: str) -> None:
    """Print where a browser here reaches the app.

    The way leads through the VIP.
    """
    click.echo(running.find(name).url)


@lab.command()
@_name_option
@_node_argument
@click.option("--stop", "how", flag_value="stop", help="Freeze it instead: it falls silent.")
@click.option("--cont", "how", flag_value="cont", help="Let a frozen machine go on.")
def kill(name: str, node: str, how: str | None) -> None:
    """Cut a machine's power: nothing is sent or written any more."""
    found = running.find(name)
    actions = {"stop": (lifecycle.stop, "is frozen"), "cont": (lifecycle.resume, "goes on")}
    act, done = actions.get(how or "", (lifecycle.kill, "is off"))
    act(found, node)
    click.echo(f"{node} {done}.")


@lab.command()
@_name_option
@click.argument("nodes", nargs=-1)
def start(name: str, nodes: tuple[str, ...]) -> None:
    """Boot machines that are off, fresh.

    Nothing that was deployed to them is there any more; a bare machine has its disk as the power
    cut left it.

    Without NODES, all that are off.
    """
    started = lifecycle.start(running.find(name), nodes, click.echo)
    click.echo(f"Started: {', '.join(started)}." if started else "All were running already.")


@lab.command()
@_name_option
@_node_argument
def reboot(name: str, node: str) -> None:
    """Restart a bare machine.

    Its services are ended and its disk is kept. Returns when it lets SSH in again.
    """
    started = time.monotonic()
    lifecycle.reboot(running.find(name), node)
    click.echo(f"{node} is back after {time.monotonic() - started:.0f} s.")


@lab.command()
@_name_option
@_node_argument
@click.argument("other", required=False)
@click.option("--control", is_flag=True, help="Also cut it from this computer: no SSH either.")
def partition(name: str, node: str, other: str | None, control: bool) -> None:
    """Cut a machine from the OTHER one, or from all machines.

    `heal` undoes it.
    """
    changed = lifecycle.partition(running.find(name), node, other, control)
    click.echo("\n".join(f"Cut: {cut}" for cut in changed.record.cuts))


@lab.command()
@_name_option
def heal(name: str) -> None:
    """Undo all cuts in the network."""
    lifecycle.heal(running.find(name))
    click.echo("All machines reach each other.")


def _become(argv: list[str]) -> None:
    try:
        sys.exit(subprocess.run(argv, check=False).returncode)
    except FileNotFoundError:
        raise LabError(f"There is no `{Path(argv[0]).name}` on this computer.") from None


def _at_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _show(seen: LabStatus) -> None:
    console = Console(highlight=False)
    table = Table(box=None, pad_edge=False)
    for heading in ("machine", "role", "system", "state", "address", "ssh port", "MiB"):
        table.add_column(heading, no_wrap=True)
    for node in seen.nodes:
        ssh = f"{node.ssh_port} {'answers' if node.ssh_answers else 'silent'}"
        table.add_row(
            node.name,
            node.role,
            f"Debian {node.debian}" if node.debian else node.kernel,
            _coloured(node.condition.value, node.condition is Condition.UP),
            node.address,
            _coloured(ssh, node.ssh_answers),
            f"{node.memory_used} of {node.memory}" if node.memory else str(node.memory_used),
        )
    console.print(table)
    for cut in dict.fromkeys(cut for node in seen.nodes for cut in node.cuts):
        console.print(f"[red]cut: {cut}[/red]")
    console.print(f"directors: {seen.directors}", soft_wrap=True)
    way = f"pid {seen.forwarder_pid}" if seen.forwarder_pid else "ended: run cluster lab start"
    console.print(f"way into the lab: {_coloured(way, seen.forwarder_pid is not None)}")
    console.print(f"app on the VIP {seen.vip}: {seen.url}")
    console.print(f"inventory: {seen.inventory}", soft_wrap=True)


def _coloured(text: str, good: bool) -> str:
    return f"[{'green' if good else 'red'}]{text}[/]"
