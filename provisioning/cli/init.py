"""``cluster init``."""

import re
import sys
from collections.abc import Callable, Mapping
from ipaddress import ip_interface
from pathlib import Path
from typing import Any, TypeVar

import click

from provisioning.cli import exit_codes
from provisioning.cli.asking import interruptible
from provisioning.cli.diagnostic_view import show_diagnostics
from provisioning.model.loader.diagnostic import InventoryError
from provisioning.model.loader.load import parse_inventory
from provisioning.operations.init import Answers, inventory_text, questions
from provisioning.roles.question import AnswerError, Question, clean, split

_Command = TypeVar("_Command", bound=Callable[..., Any])


def _role_options(command: _Command) -> _Command:
    """An option for each question about a role."""
    for one in reversed(questions()):
        option = click.option(
            one.option, one.key, multiple=one.several, metavar=one.metavar, help=one.help
        )
        command = option(command)
    return command


@click.command()
@click.argument("path", type=click.Path(path_type=Path), default="inventory.yaml")
@click.option("--vip", metavar="ADDRESS", help="The virtual IP.")
@click.option("--interface", metavar="NAME", help="Network interface of the hosts.")
@_role_options
@click.option("--ssh-user", metavar="NAME", help="Who logs in.  [default: from ~/.ssh/config]")
@click.option("--force", is_flag=True, help="Overwrite a file that is there.")
def init(
    path: Path,
    vip: str | None,
    interface: str | None,
    ssh_user: str | None,
    force: bool,
    **given: str | tuple[str, ...] | None,
) -> None:
    """Write a commented inventory to PATH (inventory.yaml).

    Asks for what the options leave open. What is written passes `cluster validate`.

    Exit status: 0 written, 1 not written, 2 wrong answers or command line.
    """
    if path.is_dir():
        raise click.ClickException(f"{path} is a folder; name a file in it: {path}/inventory.yaml")
    if path.exists() and not force:
        raise click.ClickException(f"{path} is there already; --force overwrites it")
    answers = _answers(vip, interface, ssh_user, given)
    try:
        text = inventory_text(answers)
    except AnswerError as error:
        raise click.UsageError(str(error)) from None
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
    ssh_user: str | None,
    given: Mapping[str, str | tuple[str, ...] | None],
) -> Answers:
    """What the options say, and for the rest what the person says, in the order of the file."""
    vip = vip or _ask(
        "--vip", "Virtual IP, a free address of the hosts' subnet", check=_vip_problem
    )
    interface = interface or _ask(
        "--interface", "Network interface of the hosts", "eth0", check=_interface_problem
    )
    hosts = {one.key: _texts(given[one.key]) or (_ask_role(one),) for one in questions()}
    return Answers(clean(vip), clean(interface), hosts, ssh_user)


def _texts(given: str | tuple[str, ...] | None) -> tuple[str, ...]:
    """As many as were given, without empty ones."""
    every = given if isinstance(given, tuple) else (given or "",)
    return tuple(text for text in every if split((text,)))


def _ask_role(question: Question) -> str:
    return _ask(question.option, question.prompt, question.default, check=question.problem)


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


def _vip_problem(answer: str) -> str | None:
    try:
        ip_interface(clean(answer))
    except ValueError:
        return f"{answer!r} is no IP address, for example 192.168.1.100"
    return None


def _interface_problem(answer: str) -> str | None:
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,14}", clean(answer)):
        return None
    return f"{answer!r} is no interface's name, for example eth0"


def _write(path: Path, text: str, force: bool) -> None:
    try:
        with path.open("w" if force else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise click.ClickException(f"{path} is there already; --force overwrites it") from None
    except OSError as error:
        raise click.ClickException(f"cannot write {path}: {error.strerror}") from None
