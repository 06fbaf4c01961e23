"""``cluster init``."""

import re
import sys
import unicodedata
from collections.abc import Callable
from ipaddress import ip_address, ip_interface
from pathlib import Path

import click

from provisioning.cli import exit_codes
from provisioning.cli.asking import interruptible
from provisioning.cli.diagnostic_view import show_diagnostics
from provisioning.model.loader.diagnostic import InventoryError
from provisioning.model.loader.load import parse_inventory
from provisioning.operations.init import Answers, DeployedHost, inventory_text


@click.command()
@click.argument("path", type=click.Path(path_type=Path), default="inventory.yaml")
@click.option("--vip", metavar="ADDRESS", help="The virtual IP.")
@click.option("--interface", metavar="NAME", help="Network interface of the hosts.")
@click.option(
    "--director", "directors", multiple=True, metavar="[NAME=]ADDRESS", help="May be repeated."
)
@click.option(
    "--real-server",
    "real_servers",
    multiple=True,
    metavar="[NAME=]ADDRESS",
    help="May be repeated.",
)
@click.option(
    "--storage",
    metavar="[NAME=]ADDRESS|SERVER:/PATH|none",
    help="A host to be made an NFS server, one that exists, or none.",
)
@click.option("--ssh-user", metavar="NAME", help="Who logs in.  [default: from ~/.ssh/config]")
@click.option("--force", is_flag=True, help="Overwrite a file that is there.")
def init(
    path: Path,
    vip: str | None,
    interface: str | None,
    directors: tuple[str, ...],
    real_servers: tuple[str, ...],
    storage: str | None,
    ssh_user: str | None,
    force: bool,
) -> None:
    """Write a commented inventory to PATH (inventory.yaml).

    Asks for what the options leave open. What is written passes `cluster validate`.

    Exit status: 0 written, 1 not written, 2 wrong answers or command line.
    """
    if path.is_dir():
        raise click.ClickException(f"{path} is a folder; name a file in it: {path}/inventory.yaml")
    if path.exists() and not force:
        raise click.ClickException(f"{path} is there already; --force overwrites it")
    answers = _answers(vip, interface, directors, real_servers, storage, ssh_user)
    text = inventory_text(answers)
    try:
        reading = parse_inventory(text, path)
    except InventoryError as error:
        show_diagnostics(error.diagnostics)
        click.secho("Nothing was written. (The lines are those it would have had.)", err=True)
        raise SystemExit(exit_codes.INVALID) from None
    _write(path, text, force)
    show_diagnostics(reading.warnings)
    click.secho(f"Wrote {path}.", fg="green")
    option = "" if path == Path("inventory.yaml") else f" -i {path}"
    click.echo(f"Edit it as you like; then: cluster plan{option}")


def _answers(
    vip: str | None,
    interface: str | None,
    directors: tuple[str, ...],
    real_servers: tuple[str, ...],
    storage: str | None,
    ssh_user: str | None,
) -> Answers:
    """What the options say, and for the rest what the person says, in the order of the file."""
    vip = vip or _ask(
        "--vip", "Virtual IP, a free address of the hosts' subnet", check=_vip_problem
    )
    interface = interface or _ask(
        "--interface", "Network interface of the hosts", "eth0", check=_interface_problem
    )
    directors = _split(directors) or _ask_list("--director", "Directors, two addresses")
    real_servers = _split(real_servers) or _ask_list(
        "--real-server", "Real servers, their addresses"
    )
    shared = _clean(
        storage
        or _ask(
            "--storage",
            "Shared outputs: address of a host to be made an NFS server, SERVER:/PATH of one that "
            "exists, or none",
            "none",
            check=_storage_problem,
        )
    )
    return Answers(
        vip=_clean(vip),
        interface=_clean(interface),
        directors=_members(directors, "lvs"),
        real_servers=_members(real_servers, "rs"),
        storage=None if ":/" in shared else _storage_host(shared),
        storage_source=shared if ":/" in shared else None,
        ssh_user=ssh_user,
    )


_Check = Callable[[str], str | None]
"""Says what is wrong with an answer, if anything is."""


def _ask(option: str, question: str, default: str | None = None, *, check: _Check) -> str:
    """Asks until the answer can be used; what it takes without a terminal it says."""
    if not sys.stdin.isatty():
        if default is not None:
            click.echo(f"{question}: {default} ({option})", err=True)
            return default
        raise click.UsageError(f"there is no terminal to ask on; give {option}")

    def usable(answer: str) -> str:
        if problem := check(answer):
            raise click.UsageError(problem)
        return answer

    with interruptible():
        return str(click.prompt(question, default=default, value_proc=usable))


def _ask_list(option: str, question: str) -> tuple[str, ...]:
    question = f"{question} (separated by spaces; NAME=ADDRESS to name them)"
    return _split((_ask(option, question, check=_members_problem),))


def _split(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(part for text in texts for part in re.split(r"[\s,，、;；]+", text) if part)


def _vip_problem(answer: str) -> str | None:
    try:
        ip_interface(_clean(answer))
    except ValueError:
        return f"{answer!r} is no IP address, for example 192.168.1.100"
    return None


def _interface_problem(answer: str) -> str | None:
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,14}", _clean(answer)):
        return None
    return f"{answer!r} is no interface's name, for example eth0"


def _members_problem(answer: str) -> str | None:
    names = []
    for text in _split((answer,)):
        name, equals, address = _clean(text).rpartition("=")
        if problem := _address_problem(address):
            return problem
        if equals:
            names.append(name)
    if twice := [name for name in names if names.count(name) > 1]:
        return f"two hosts are called {twice[0]}; give each a name of its own"
    return None if _split((answer,)) else "at least one address"


def _storage_problem(answer: str) -> str | None:
    text = _clean(answer)
    if ":/" in text or _storage_host(text) is None:
        return None
    return _address_problem(text.rpartition("=")[2])


def _address_problem(text: str) -> str | None:
    try:
        ip_address(text)
    except ValueError:
        return f"{text!r} is no IP address, for example 192.168.1.11"
    return None


def _clean(text: str) -> str:
    """Without the full-width forms of a Chinese keyboard."""
    return unicodedata.normalize("NFKC", text.strip()).replace("。", ".")


def _members(texts: tuple[str, ...], prefix: str) -> list[DeployedHost]:
    members = [_member(text, f"{prefix}{number}") for number, text in enumerate(texts, 1)]
    names = [member.name for member in members]
    for name in names:
        if names.count(name) > 1:
            raise click.UsageError(f"two hosts are called {name}; give each a name of its own")
    return members


def _member(text: str, default: str) -> DeployedHost:
    name, equals, address = _clean(text).rpartition("=")
    return DeployedHost(name if equals else default, address)


def _storage_host(text: str) -> DeployedHost | None:
    return None if text.lower() in ("none", "no", "-", "无") else _member(text, "nas1")


def _write(path: Path, text: str, force: bool) -> None:
    try:
        with path.open("w" if force else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise click.ClickException(f"{path} is there already; --force overwrites it") from None
    except OSError as error:
        raise click.ClickException(f"cannot write {path}: {error.strerror}") from None
