"""``cluster logs``."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import NoReturn

import click
from rich.console import Console
from rich.text import Text

from ...facts.probes.log_search import LEVELS
from ...operations.cluster.cluster import Cluster
from ...operations.cluster.fleet import new_fleet, open_fleet
from ...operations.host_words import of_host
from ...operations.logs.reading import follow_logs, read_logs
from ...operations.logs.search import Query, search_logs
from ...operations.logs.sources import LogSource, local_now, log_sources, moment
from .. import exit_codes
from ..options import host_key_option, inventory_option, load_or_exit
from ..selection import chosen
from ..views.found_lines import print_found
from ..views.json_output import print_json
from ..views.terminal_text import shown

_COLOURS = ("cyan", "green", "yellow", "magenta", "blue", "bright_red", "bright_cyan")


def _moment(_ctx: click.Context, _param: click.Parameter, value: str | None) -> datetime | None:
    if value is None:
        return None
    try:
        return moment(value, local_now())
    except (ValueError, OverflowError):
        raise click.BadParameter(
            f"{value!r} is neither a time such as '2026-01-31 08:00' nor a duration such as 10m, "
            "2h or 1d"
        ) from None


@click.command()
@inventory_option
@host_key_option
@click.option("-f", "--follow", is_flag=True, help="Go on as they grow, until Ctrl-C.")
@click.option(
    "-n",
    "--lines",
    type=click.IntRange(min=0),
    help="The latest lines of each log (default 50), or of all that a search finds (default 1000).",
)
@click.option(
    "--since", callback=_moment, metavar="TIME", help="All since then: 10m, 2h, '2026-01-31 08:00'."
)
@click.option("--search", "text", metavar="TEXT", default="", help="Lines with TEXT, as it is.")
@click.option(
    "--request",
    metavar="ID",
    default="",
    help="Lines of the request with this id (X-Request-ID), on every host that touched it.",
)
@click.option(
    "--node",
    "nodes",
    metavar="HOST",
    multiple=True,
    help="Search lines of HOST alone, which may have left the cluster. May be repeated.",
)
@click.option(
    "--level", type=click.Choice(LEVELS), help="Search lines of this level and of more trouble."
)
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print a JSON object a line; of a host that cannot be read, its error.",
)
@click.argument("target", metavar="[HOSTS[,...]]", required=False)
def logs(
    inventory: Path,
    accept_new_host_keys: bool,
    follow: bool,
    lines: int | None,
    since: datetime | None,
    text: str,
    request: str,
    nodes: tuple[str, ...],
    level: str | None,
    as_json: bool,
    target: str | None,
) -> None:
    """Show the logs of hosts, each line labelled: the app's on real servers, Keepalived's on
    directors, the NFS server's on storage.

    With --search, --request, --node or --level, search those of all hosts, or of TARGET's: on the
    log host (logs in the inventory), which has the lines of dead hosts too, or where there is none
    on the hosts themselves. Lines come in the order in which they were written.

    Exit status: 0 all could be read (Ctrl-C ends --follow so), 1 one could not, 2 wrong inventory
    or command line.
    """
    cluster = Cluster(load_or_exit(inventory), inventory)
    if text or request or nodes or level:
        if follow:
            raise click.UsageError("--follow does not search; leave it or the search out")
        chosen_nodes = chosen(cluster.inventory, (target,)) if target else ()
        query = Query(
            text,
            request,
            since,
            tuple(dict.fromkeys((*chosen_nodes, *nodes))),
            level or "",
            1000 if lines is None else lines,
        )
        with open_fleet(cluster, accept_new_host_keys=accept_new_host_keys) as fleet:
            found = search_logs(cluster.inventory, fleet, query)
        print_found(found.records, as_json=as_json)
        _end(found.errors, as_json=as_json)
    if target is None:
        raise click.UsageError("name a host or group, or what to look for (--search, --request)")
    lines = 50 if lines is None else lines
    sources = {
        name: log_sources(cluster.inventory, name) for name in chosen(cluster.inventory, (target,))
    }
    sources = {name: found for name, found in sources.items() if found}
    if not sources:
        raise click.UsageError(f"{target} has no role, so there is no log")
    flat = [source for found in sources.values() for source in found]
    take = _json_line if as_json else _labelled(flat)
    if follow:
        try:
            errors = follow_logs(
                lambda forks: new_fleet(
                    cluster,
                    forks=forks,
                    accept_new_host_keys=accept_new_host_keys,
                    host_of=lambda key: key.rpartition("/")[0],
                ),
                flat,
                lines=lines,
                since=since,
                take=take,
            )
        except KeyboardInterrupt:
            raise SystemExit(exit_codes.OK) from None
    else:
        with open_fleet(cluster, accept_new_host_keys=accept_new_host_keys) as fleet:
            errors = read_logs(fleet, sources, lines=lines, since=since, take=take)
    _end(errors, as_json=as_json)


def _end(errors: dict[str, str], *, as_json: bool) -> NoReturn:
    for name, reason in errors.items():
        click.secho("\n".join(map(shown, of_host(name, reason).split("\n"))), fg="red", err=True)
        if as_json:
            print_json({"host": name, "error": reason}, indent=None)
    raise SystemExit(exit_codes.FAILED if errors else exit_codes.OK)


def _json_line(source: LogSource, line: str) -> None:
    record = {"host": source.host, "service": source.service, "line": line}
    print_json(record, indent=None)


def _labelled(sources: list[LogSource]) -> Callable[[LogSource, str], None]:
    """Prints a line behind its host's name, each host in a colour of its own."""
    console, lock = Console(soft_wrap=True, highlight=False), Lock()
    hosts = list(dict.fromkeys(source.host for source in sources))
    width = max(map(len, hosts))

    def take(source: LogSource, line: str) -> None:
        colour = _COLOURS[hosts.index(source.host) % len(_COLOURS)]
        with lock:
            console.print(Text.assemble((f"{source.host:<{width}} ", colour), shown(line)))

    return take
