"""``cluster lab up``."""

import time
from collections.abc import Callable
from ipaddress import IPv4Network
from typing import Any

import click

from ...lab import lifecycle
from ...lab.bare.release import Release
from ...lab.running import Lab
from ...lab.topology import (
    DEFAULT_NETWORK,
    Lan,
    Size,
    bare_memory,
    kinds,
    memory_key,
    plan,
)
from ..lab_options import name_option
from ..options import json_option
from ..views.json_output import print_json

_DEBIAN = Release.BOOKWORM
_PORT = click.IntRange(1, 65535)


def _to_network(_ctx: click.Context, _param: click.Parameter, value: str) -> IPv4Network:
    try:
        return IPv4Network(value)
    except ValueError as error:
        raise click.BadParameter(f"{value!r} is no network such as 10.77.0.0/24: {error}") from None


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


@click.command()
@name_option
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
@json_option
def up(
    name: str,
    network: IPv4Network,
    web_port: int | None,
    vip_ports: tuple[int, ...],
    asks_password: bool,
    as_json: bool,
    bare: bool,
    shared_kernel: bool,
    releases: tuple[str, ...],
    **size: int | None,
) -> None:
    """Boot the machines, all ready to be deployed to.

    JSON: {"name", "inventory": path, "url", "ports": {port of the VIP: port of 127.0.0.1},
    "machines": [{"name", "role", "address"}]}.
    """
    if shared_kernel and not bare:
        raise click.UsageError("--shared-kernel goes with --bare.")
    if releases and not bare:
        raise click.UsageError("--debian goes with --bare: other machines have this one's files.")
    started = time.monotonic()

    def report(line: str) -> None:
        click.echo(f"{time.monotonic() - started:5.1f} s  {line}", err=as_json)

    given = {part: number for part, number in size.items() if number is not None}
    debian = (tuple(map(int, releases)) or (_DEBIAN,)) if bare else ()
    sizes = Size.bare(**given) if bare else Size(**given)
    topology = plan(name, sizes, Lan(network), debian, shared_kernel)
    made = lifecycle.up(topology, web_port or 0, vip_ports, asks_password, report)
    report(f"ready to deploy: {len(topology.nodes)} machines, up to {topology.memory} MiB")
    if as_json:
        print_json(_record(made))
        return
    click.echo(f"\nInventory: {made.inventory}\nDeploy:    cluster deploy -i {made.inventory}")
    click.echo(f"The app, once deployed: {made.url}")
    for forward in made.record.forwards[1:]:
        click.echo(f"Port {forward.port} of the VIP: 127.0.0.1:{forward.host_port}")


def _record(made: Lab) -> dict[str, Any]:
    return {
        "name": made.name,
        "inventory": str(made.inventory),
        "url": made.url,
        "ports": {str(one.port): one.host_port for one in made.record.forwards},
        "machines": [
            {"name": node.name, "role": str(node.role), "address": str(node.address)}
            for node in made.topology.nodes
        ],
    }
