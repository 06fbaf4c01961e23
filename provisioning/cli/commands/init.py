"""``cluster init``."""

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from ipaddress import ip_interface
from pathlib import Path
from typing import Any, TypeVar

import click

from ...model.engine_declaration import engine_names
from ...model.loader.diagnostic import InventoryError
from ...model.loader.load import parse_inventory
from ...operations.init import (
    AUTO,
    ON_NODES,
    VENV,
    WHEELHOUSE,
    InitAnswers,
    inventory_text,
    model_hubs,
    questions,
)
from ...roles.director.director import DIRECTORS
from ...roles.edge.edge import EDGES
from ...roles.question import AnswerError, Question, clean, is_none, split
from .. import exit_codes
from ..asking import interruptible
from ..views.diagnostics import show_diagnostics

_VIP_QUESTION = (
    "Virtual IP, a free address of the hosts' subnet, or none where edges are the only way in"
)
_OWN_USER = "from ~/.ssh/config"
_PYTHON_EXAMPLE = "/opt/cosyvoice/venv/bin/python"
_ENGINE_QUESTION = (
    "What speaks (cosyvoice3, cosyvoice2: natural, clone voices, on GPUs; kokoro: natural, on "
    f"CPUs; espeak: a robot; {AUTO}: kokoro where a node has its files, else espeak)"
)
_MODEL_QUESTION = (
    "Its weights ({hubs}; a folder on this machine; or {on_nodes}/PATH, where every node has them)"
)
_PYTHON_QUESTION = (
    f"The app's Python ({VENV}: made with each release; {WHEELHOUSE}: the same, where nodes reach "
    "no package index; or the path of an interpreter there)"
)

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
@click.option(
    "--vip",
    metavar="ADDRESS",
    help="The directors' virtual IP; or none, where edges are the only way in.",
)
@click.option("--interface", metavar="NAME", help="Network interface of the hosts.")
@_role_options
@click.option("--ssh-user", metavar="NAME", help="Who logs in, root or with sudo.")
@click.option("--engine", metavar="NAME", help="What speaks: auto, cosyvoice3, kokoro …")
@click.option(
    "--model",
    metavar="WHERE",
    help="The engine's weights: modelscope, huggingface, a folder here, or nodes:/PATH.",
)
@click.option("--python", metavar="PATH", help="The app's Python: venv, wheelhouse or a path.")
@click.option(
    "--firewall", is_flag=True, help="Close what the cluster does not need on its hosts (nftables)."
)
@click.option("--force", is_flag=True, help="Overwrite a file that is there.")
def init(
    path: Path,
    vip: str | None,
    interface: str | None,
    ssh_user: str | None,
    engine: str | None,
    model: str | None,
    python: str | None,
    firewall: bool,
    force: bool,
    **given: str | tuple[str, ...] | None,
) -> None:
    """Write a commented inventory to PATH (inventory.yaml).

    Asks for what the options leave open. What is written passes `cluster validate`. With --edge and
    neither --vip nor --director, edges are the only way in.

    Exit status: 0 written, 1 not written, 2 wrong answers or command line.
    """
    if path.is_dir():
        raise click.ClickException(f"{path} is a folder; name a file in it: {path}/inventory.yaml")
    if path.exists() and not force:
        raise click.ClickException(f"{path} is there already; --force overwrites it")
    answers = _answers(vip, interface, ssh_user, engine, model, python, given)
    answers = replace(answers, firewall=firewall)
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
    engine: str | None,
    model: str | None,
    python: str | None,
    given: Mapping[str, str | tuple[str, ...] | None],
) -> InitAnswers:
    """Take what the options say, and else what the person says, in the order of the file."""
    edges, directors = (_texts(given[role.key]) for role in (EDGES, DIRECTORS))
    edges_alone = not directors and not all(map(is_none, edges))
    vip = vip or _ask("--vip", _VIP_QUESTION, "none" if edges_alone else None, check=_vip_problem)
    alone = is_none(vip)
    interface = interface or _ask(
        "--interface", "Network interface of the hosts", "eth0", check=_interface_problem
    )
    hosts = {
        one.key: _texts(given[one.key]) or (_ask_role(one, alone=alone),) for one in questions()
    }
    user = ssh_user or _ask(
        "--ssh-user", "SSH user, root or with sudo", _OWN_USER, check=_user_problem
    )
    engine = engine or _ask("--engine", _ENGINE_QUESTION, AUTO, check=_engine_problem)
    model = model or _ask_model(clean(engine))
    python = python or _ask("--python", _PYTHON_QUESTION, VENV, check=_python_problem)
    return InitAnswers(
        None if alone else clean(vip),
        clean(interface),
        hosts,
        None if user == _OWN_USER else clean(user),
        clean(python),
        clean(engine),
        clean(model) if model else None,
    )


def _ask_model(engine: str) -> str | None:
    hubs = [*model_hubs(engine)]
    if not hubs:
        return None
    question = _MODEL_QUESTION.format(hubs=", ".join(hubs), on_nodes=ON_NODES)
    return _ask("--model", question, hubs[0], check=lambda answer: _model_problem(answer, hubs))


def _texts(given: str | tuple[str, ...] | None) -> tuple[str, ...]:
    """As many as were given, without empty ones."""
    every = given if isinstance(given, tuple) else (given or "",)
    return tuple(text for text in every if split((text,)))


def _ask_role(question: Question, *, alone: bool) -> str:
    """Ask for the hosts of a role; ``alone`` where there is no VIP of directors."""
    if alone and question.key == DIRECTORS.key:
        return "none"
    if alone and question.key == EDGES.key:
        return _ask(
            question.option, question.prompt, check=lambda one: _edges_problem(question, one)
        )
    return _ask(question.option, question.prompt, question.default, check=question.problem)


def _edges_problem(question: Question, answer: str) -> str | None:
    if is_none(answer):
        return "without a virtual IP of directors edges are the only way in: at least one"
    return question.problem(answer)


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
    if is_none(answer):
        return None
    try:
        ip_interface(clean(answer))
    except ValueError:
        return f"{answer!r} is no IP address, for example 192.168.1.100"
    return None


def _interface_problem(answer: str) -> str | None:
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,14}", clean(answer)):
        return None
    return f"{answer!r} is no interface's name, for example eth0"


def _user_problem(answer: str) -> str | None:
    if answer == _OWN_USER or re.fullmatch(r"[^\W-][^\s:/]*", clean(answer)):
        return None
    return f"{answer!r} is no user's name, for example root or deploy"


def _engine_problem(answer: str) -> str | None:
    if clean(answer) == AUTO or clean(answer) in engine_names():
        return None
    return f"{answer!r} is none of them; one of another package is given by --engine"


def _model_problem(answer: str, hubs: list[str]) -> str | None:
    word = clean(answer)
    if word in hubs or word.startswith(f"{ON_NODES}/") or Path(word).expanduser().exists():
        return None
    return f"{answer!r} is neither {', '.join(hubs)}, a folder here, nor {ON_NODES}/PATH"


def _python_problem(answer: str) -> str | None:
    word = clean(answer)
    if word in (VENV, WHEELHOUSE) or re.fullmatch(r"(/[\w.@+-]+)+", word):
        return None
    return f"{answer!r} is neither {VENV}, {WHEELHOUSE} nor a path such as {_PYTHON_EXAMPLE}"


def _write(path: Path, text: str, force: bool) -> None:
    try:
        with path.open("w" if force else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise click.ClickException(f"{path} is there already; --force overwrites it") from None
    except OSError as error:
        raise click.ClickException(f"cannot write {path}: {error.strerror}") from None
