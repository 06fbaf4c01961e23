"""``cluster push``."""

import re
from pathlib import Path, PurePosixPath

import click

from ...operations.carrying.local_file import LocalFile
from ...operations.carrying.push import Push
from ...operations.cluster.cluster import Cluster
from ...operations.cluster.fleet import open_fleet
from ...operations.executing.batches import in_batches
from .. import exit_codes
from ..local_paths import GIVEN_PATH
from ..options import host_key_option, inventory_option, limit_option, load_or_exit
from ..rhythm import rhythm_of, rhythm_options
from ..seconds import Seconds
from ..selection import chosen_within
from ..views.carrying import bytes_shown, pushed_record, show_pushed
from ..views.folding import every_host_option
from ..views.json_output import print_json

_MODE = re.compile("[0-7]{3,4}")
_OWNER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(:[A-Za-z0-9_][A-Za-z0-9_.-]*)?")


@click.command()
@inventory_option
@limit_option
@host_key_option
@click.option("--root", is_flag=True, help="Write as root through sudo.")
@click.option("--owner", metavar="USER[:GROUP]", default="", help="Owner of the files there.")
@click.option("--mode", metavar="OCTAL", default="", help="Permissions there, such as 0640.")
@click.option("--check", is_flag=True, help="Only show what would change.")
@click.option("--timeout", type=Seconds(), help="Seconds that each file may take on a host.")
@rhythm_options
@every_host_option
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON.")
@click.argument("target", metavar="HOSTS[,...]")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=GIVEN_PATH)
@click.argument("dest")
def push(
    inventory: Path,
    limit: tuple[str, ...],
    accept_new_host_keys: bool,
    root: bool,
    owner: str,
    mode: str,
    check: bool,
    timeout: float | None,
    forks: int | None,
    batch: str | None,
    max_fail: int | None,
    as_json: bool,
    target: str,
    files: tuple[Path, ...],
    dest: str,
) -> None:
    """Bring files to hosts, over the connections of every other command.

    DEST is the file's name there; with several files, or where it ends with a /, it is a folder
    that is there. A file appears whole or not at all: it is written beside its place, compared by
    its checksum, and renamed. One that is there already as wanted is left alone. Owner and mode
    are those of the file before; a new one has the mode of yours.

    Exit status: 0 all are there, 1 one is not, or a host was not reached or not begun, 2 wrong
    inventory or command line.
    """
    if mode and not _MODE.fullmatch(mode):
        raise click.UsageError(f"--mode {mode}: write an octal number such as 0640")
    if owner and not _OWNER.fullmatch(owner):
        raise click.UsageError(f"--owner {owner}: write USER or USER:GROUP")
    places = _places(files, dest)
    cluster = Cluster(load_or_exit(inventory), inventory)
    names = chosen_within(cluster.inventory, target, limit)
    width = forks or cluster.forks
    rhythm = rhythm_of(names, forks=width, batch=batch, max_fail=max_fail)
    looked = {place: LocalFile.look(file) for place, file in places.items()}
    every = len(names) * sum(file.size for file in looked.values())
    with (
        open_fleet(cluster, forks=width, accept_new_host_keys=accept_new_host_keys) as fleet,
        bytes_shown("sending", every, quiet=as_json or check) as sent,
    ):
        task = Push(
            files=looked, root=root, owner=owner, mode=mode, check=check, timeout=timeout, sent=sent
        )
        found = in_batches(fleet, names, task.on_host, rhythm, lambda one: bool(one.problem))
    if as_json:
        print_json(pushed_record(found))
    else:
        show_pushed(found)
    bad = found.errors or found.skipped or any(one.problem for one in found.done.values())
    raise SystemExit(exit_codes.FAILED if bad else exit_codes.OK)


def _places(files: tuple[Path, ...], dest: str) -> dict[PurePosixPath, Path]:
    """The place that each file comes to. Raises a usage error."""
    if not dest.startswith("/"):
        raise click.UsageError(f"{dest} is no place on a host: write it from / on")
    for file in files:
        if file.is_dir():
            raise click.UsageError(f"{file} is a folder; name the files in it")
    if len(files) == 1 and not dest.endswith("/"):
        return {PurePosixPath(dest): files[0]}
    places = {PurePosixPath(dest) / file.name: file for file in files}
    if len(places) < len(files):
        raise click.UsageError("two of the files have the same name")
    return places
