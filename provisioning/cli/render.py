"""``cluster render``."""

from pathlib import Path

import click

from provisioning.cli.options import inventory_option, load_or_exit
from provisioning.cli.selection import chosen
from provisioning.resources.file import File
from provisioning.roles.desired import DesiredHost, desired_hosts


@click.command()
@inventory_option
@click.option("--host", "hosts", multiple=True, help="Only this host or group; may be repeated.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write the files below this folder as HOST/path instead of printing them.",
)
def render(inventory: Path, hosts: tuple[str, ...], out: Path | None) -> None:
    """Show every file that deploy would put on the hosts, as it would land there.

    Files with secrets in them are written readable for you alone.

    Exit status: 0 done, 1 a template failed, 2 wrong inventory or command line.
    """
    model = load_or_exit(inventory)
    wanted = desired_hosts(model, None)
    for name in chosen(model, hosts):
        for file in _files(wanted[name]):
            if out is None:
                click.secho(f"### {name}:{file.path} (mode {file.mode:04o})", bold=True)
                click.echo(file.content)
            else:
                _write(out / name / file.path.lstrip("/"), file)
    if out is not None:
        click.echo(f"Written below {out}.")


def _files(host: DesiredHost) -> list[File]:
    return [resource for resource in host.resources if isinstance(resource, File)]


def _write(path: Path, file: File) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Closed to others before there is anything to read.
    path.touch(mode=0o600)
    path.chmod(0o600 if file.sensitive else file.mode)
    path.write_text(file.content, encoding="utf-8")
