"""``cluster render``."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from ...model.inventory import Inventory
from ...model.loader.excerpt import dotted
from ...model.secrets.secret_program import not_asked
from ...model.walking import secrets as every_secret
from ...operations.cluster.cluster import Cluster
from ...operations.kubernetes.chart import ENVIRONMENT_FILE, kubernetes_files
from ...operations.kubernetes.left_out import left_out
from ...resources.file import File
from ...roles.desired import DesiredHost, desired_hosts
from ...roles.monitoring.own_prometheus import prometheus_files
from ..local_paths import NewPath
from ..options import inventory_option, load_or_exit
from ..selection import chosen
from ..views.json_output import print_json

_STAND_IN = "printed-by-a-program"


@click.command()
@inventory_option
@click.option("--host", "hosts", multiple=True, help="Only this host or group; may be repeated.")
@click.option(
    "--out",
    type=NewPath(folder=True, makes_folders=True),
    help="Write the files below this folder as HOST/path instead of printing them.",
)
@click.option(
    "--prometheus",
    "for_prometheus",
    is_flag=True,
    help="Show instead the files for a Prometheus and a Grafana that you have already: targets,"
    " rules, scrapes, boards.",
)
@click.option(
    "--kubernetes",
    "for_kubernetes",
    is_flag=True,
    help="Show instead a Helm chart of the nodes, and the recipe of their container.",
)
@click.option(
    "--secrets",
    "asks",
    is_flag=True,
    help="Run the programs that print secrets ({command: …}); else a text stands for these.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the files as JSON.")
def render(
    inventory: Path,
    hosts: tuple[str, ...],
    out: Path | None,
    for_prometheus: bool,
    for_kubernetes: bool,
    asks: bool,
    as_json: bool,
) -> None:
    """Show every file that deploy would put on the hosts, as it would land there.

    Files with secrets in them are written readable for you alone.

    With --prometheus they are those by which a Prometheus of yours watches the cluster and a
    Grafana of yours shows it, with --out as DIRECTORY/prometheus.yml and so on. The exporters that
    it asks are on the hosts where the inventory has monitoring:, be it {}. JSON: {path: content}.

    With --kubernetes they are chart/, for Helm, with the inventory in its values.yaml; image/, for
    podman build; and where the app has an environment environment-secret.yaml, for kubectl apply.
    The cluster's secret is in none of them. JSON: {path: content}.

    Exit status: 0 done, 1 a template failed, 2 wrong inventory or command line.
    """
    cluster = Cluster(load_or_exit(inventory), inventory)
    model = cluster.inventory
    if not asks:
        # To the end of the command.
        click.get_current_context().with_resource(_unasked(model))
    if for_prometheus and for_kubernetes:
        raise click.UsageError("--prometheus and --kubernetes are two sets of files: run it twice")
    if for_prometheus:
        _show_for_prometheus(model, hosts, out, as_json=as_json)
        return
    if for_kubernetes:
        _show_for_kubernetes(model, hosts, out, as_json=as_json)
        return
    wanted = desired_hosts(model, None, cluster.runtime)
    files = {name: _files(wanted[name]) for name in chosen(model, hosts)}
    if out is not None:
        _write_all(out, files)
    if as_json:
        record = {name: [_record(file) for file in found] for name, found in files.items()}
        print_json(record)
    elif out is not None:
        click.echo(f"Written below {out}.")
    else:
        for name, found in files.items():
            for file in found:
                click.secho(f"### {name}:{file.path} (mode {file.mode:04o})", bold=True)
                click.echo(file.content)


@contextmanager
def _unasked(inventory: Inventory) -> Iterator[None]:
    """Run no program that prints a secret for the time of the block; say what is missing so."""
    keys = [dotted(path) for path, source in every_secret(inventory) if source.command is not None]
    if keys:
        click.echo(f"Not run, as --secrets is not given: programs for {', '.join(keys)}.", err=True)
    with not_asked(_STAND_IN):
        yield


def _show_for_prometheus(
    inventory: Inventory, hosts: tuple[str, ...], out: Path | None, *, as_json: bool
) -> None:
    if inventory.monitoring is None:
        raise click.UsageError(
            "the inventory has no monitoring, so no host has an exporter: write monitoring: {}"
        )
    if hosts:
        raise click.UsageError("--prometheus is about all hosts: leave out --host")
    files = prometheus_files(inventory, inventory.monitoring)
    found = [File(path=f"/{path}", content=content) for path, content in files.items()]
    _show_apart(found, out, as_json=as_json)


def _show_for_kubernetes(
    inventory: Inventory, hosts: tuple[str, ...], out: Path | None, *, as_json: bool
) -> None:
    if hosts:
        raise click.UsageError("--kubernetes is about all nodes, which are alike: leave out --host")
    if inventory.app.source != "builtin":
        raise click.UsageError(
            "--kubernetes knows the app that comes with this program: app.source is another"
        )
    for what in left_out(inventory):
        click.echo(f"Left out: {what}.", err=True)
    files = kubernetes_files(inventory)
    _show_apart(files, out, as_json=as_json)
    if out is not None:
        for path in _left_there(out, files):
            click.echo(f"{path} was not written now: remove it, or it is applied too.", err=True)


def _left_there(out: Path, files: list[File]) -> list[Path]:
    """Files of an earlier time, which Helm or kubectl would take with those that are there now."""
    written = {out / file.path.lstrip("/") for file in files}
    there = [*(out / "chart").rglob("*"), out / ENVIRONMENT_FILE]
    return sorted(path for path in there if path.is_file() and path not in written)


def _show_apart(found: list[File], out: Path | None, *, as_json: bool) -> None:
    """Files that are for no host of the cluster."""
    if out is not None:
        _write_all(out, {"": found})
    if as_json:
        print_json({file.path.lstrip("/"): file.content for file in found})
    elif out is not None:
        click.echo(f"Written below {out}.")
    else:
        for file in found:
            click.secho(f"### {file.path.lstrip('/')}", bold=True)
            click.echo(file.content)


def _files(host: DesiredHost) -> list[File]:
    return [resource for resource in host.resources if isinstance(resource, File)]


def _record(file: File) -> dict[str, object]:
    return {
        "path": file.path,
        "mode": f"{file.mode:04o}",
        "owner": file.owner,
        "group": file.group,
        "content": file.content,
    }


def _write_all(out: Path, files: dict[str, list[File]]) -> None:
    try:
        for name, found in files.items():
            for file in found:
                _write(out / name / file.path.lstrip("/"), file)
    except OSError as error:
        raise click.BadParameter(
            f"{error.filename or out} cannot be written: {error.strerror}", param_hint="--out"
        ) from None


def _write(path: Path, file: File) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Closed to others before there is anything to read.
    path.touch(mode=0o600)
    path.chmod(0o600 if file.sensitive else file.mode)
    path.write_text(file.content, encoding="utf-8")
