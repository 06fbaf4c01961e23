"""``cluster bundle``."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from ...operations.bundle.creating import create
from ...operations.bundle.looking import Machines, looked_at, named
from ...operations.bundle.manifest import Manifest
from ...operations.bundle.reading import Bundle, open_bundle
from ...operations.cluster.cluster import Cluster
from ...operations.cluster.fleet import open_fleet
from ...resources.artifact import size_text
from ..artifact_progress import watching
from ..local_paths import GIVEN_FILE, NEW_FILE
from ..options import host_key_option, inventory_option, json_option, load_or_exit
from ..views.json_output import print_json
from ..views.table import FittingTable

_file = click.argument("file", type=GIVEN_FILE)


@click.group()
def bundle() -> None:
    """One file with all that a deploy brings, for clusters without a way to the internet.

    `create` makes it where there is one; `cluster deploy --bundle FILE` uses it where there is
    none. It holds no secret: the inventory goes there by itself.

    Exit status: 0 done, 1 it cannot be made or is not right, 2 wrong inventory or command line.
    """


@bundle.command("create", short_help="Fetch all that a deploy brings, and pack it in one file.")
@inventory_option
@host_key_option
@click.option(
    "--out",
    type=NEW_FILE,
    help="The file.  [default: NAME.bundle here]",
)
@click.option(
    "--for",
    "distributions",
    multiple=True,
    metavar="ID-CODENAME-ARCH",
    help="Instead of looking at the hosts, where they cannot be reached from here: a distribution "
    "of theirs, such as debian-trixie-amd64; may be given several times.",
)
@json_option
def create_(
    inventory: Path,
    accept_new_host_keys: bool,
    out: Path | None,
    distributions: tuple[str, ...],
    as_json: bool,
) -> None:
    """Fetch Debian packages, Python packages, the release and artifacts, and pack them.

    Debian packages come from the mirror of this machine's apt, for each distribution that the hosts
    have, with all that they depend on; Python packages for each Python of the real servers. What
    was fetched before is not fetched again.

    Exit status: 0 made, 1 something cannot be had, 2 wrong inventory or command line.
    """
    cluster = Cluster(load_or_exit(inventory), inventory)
    path = out or Path(f"{cluster.inventory.name}.bundle")
    with _telling(quiet=as_json) as tell, watching(quiet=as_json) as watch:
        machines = _machines(cluster, distributions, accept_new_host_keys)
        made = create(cluster, machines, path, tell, watch)
    _show(path, made.id, made.manifest, as_json=as_json)


def _machines(cluster: Cluster, distributions: tuple[str, ...], new_keys: bool) -> Machines:
    if distributions:
        return named(cluster.inventory, distributions)
    with open_fleet(cluster, accept_new_host_keys=new_keys) as fleet:
        return looked_at(cluster.inventory, fleet)


@bundle.command()
@_file
@json_option
def show(file: Path, as_json: bool) -> None:
    """Show what is in a bundle. Only its manifest is read.

    Exit status: 0 shown, 1 it is not whole, 2 wrong command line.
    """
    found = open_bundle(file)
    _show(file, found.id, found.manifest, as_json=as_json)


@bundle.command()
@_file
@json_option
def verify(file: Path, as_json: bool) -> None:
    """Read every file in a bundle and compare its SHA-256.

    Exit status: 0 all right, 1 it is damaged, 2 wrong command line.
    """
    found = open_bundle(file)
    with _telling(quiet=as_json) as tell:
        _check(found, tell)
    if as_json:
        print_json({"path": str(file), "id": found.id, "ok": True})
    else:
        click.echo(f"{file}: right")


def _check(found: Bundle, tell: Callable[[str], None]) -> None:
    for place, content in found.manifest.contents():
        tell(place)
        found.check(place, content)


def _show(path: Path, digest: str, manifest: Manifest, *, as_json: bool) -> None:
    record = _record(path, digest, manifest)
    if as_json:
        print_json(record)
        return
    table = FittingTable(headings=("what", "which", "files", "size"))
    for what, which, contents in _rows(manifest):
        size = size_text(sum(one.size for one in contents))
        table.add_row(what, which, str(len(contents)), size)
    console = Console(soft_wrap=True)
    console.print(
        f"{path}: {size_text(record['bytes'])}, made {manifest.made} by {manifest.by} for "
        f"{manifest.cluster}, id {digest}",
        markup=False,
        highlight=False,
    )
    Console().print(table)


def _rows(manifest: Manifest) -> Iterator[tuple[str, str, list[Any]]]:
    yield "release", manifest.release.id, [manifest.release]
    for one in manifest.distributions:
        yield "Debian packages", str(one.distribution), [*one.packages]
    for kind in manifest.pythons:
        yield "Python packages", kind.python, [*kind.wheels]
    for name, artifact in manifest.artifacts.items():
        yield "artifact", name, [*artifact.files]


def _record(path: Path, digest: str, manifest: Manifest) -> dict[str, Any]:
    """``{"path", "id", "bytes", "made", "by", "cluster", "release", "distributions": {name:
    packages}, "pythons": {kind: wheels}, "artifacts": {name: files}}``: numbers of files."""
    return {
        "path": str(path),
        "id": digest,
        "bytes": path.stat().st_size,
        "made": manifest.made,
        "by": manifest.by,
        "cluster": manifest.cluster,
        "release": manifest.release.id,
        "distributions": {str(d.distribution): len(d.packages) for d in manifest.distributions},
        "pythons": {kind.python: len(kind.wheels) for kind in manifest.pythons},
        "artifacts": {name: len(one.files) for name, one in manifest.artifacts.items()},
    }


@contextmanager
def _telling(*, quiet: bool) -> Iterator[Callable[[str], None]]:
    """The last thing that was told, on standard error while it is a terminal."""
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield lambda text: None
        return
    with console.status("") as status:
        yield lambda text: status.update(text.replace("[", r"\[")[: console.width - 4])
