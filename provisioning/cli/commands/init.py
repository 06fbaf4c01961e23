"""``cluster init``."""

import os
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from ...durable_file import write_durably
from ...model.loader.load import Reading
from ...operations.init.ansible.takeover import TakenOver
from ...operations.init.inventory_text import inventory_text
from ...operations.init.members import member_names, members_of, questions
from ...operations.init.seen import without_gpus
from ...operations.init.topic import NO, YES
from ...operations.init.topics import BEFORE_LOOK, TOPICS
from ...roles.real_server.real_server import REAL_SERVERS
from ..init_ansible import group_option, taken_over
from ..init_look import LookResult, look_around
from ..init_settled import settled
from ..local_paths import GIVEN_PATH
from ..options import host_key_option, json_option
from ..questionnaire import Questionnaire
from ..views.diagnostics import show_diagnostics
from ..views.json_output import print_json

_DEFAULT = "inventory.yaml"
_NEXT = ("doctor", "plan", "deploy")
"""Commands that come after it."""
_GROUP = "group_"

_Command = TypeVar("_Command", bound=Callable[..., Any])


def _topic_options(command: _Command) -> _Command:
    """An option for each question."""
    for one in reversed(TOPICS):
        if one.yes_no:
            option = click.option(one.option, one.key, default=None, help=one.help)
        else:
            option = click.option(
                one.option, one.key, multiple=one.several, metavar=one.metavar, help=one.help
            )
        command = option(command)
    return command


def _group_options(command: _Command) -> _Command:
    """An option for the group of each role, in an inventory of Ansible's."""
    for one in reversed(questions()):
        name = group_option(one.key)
        text = f"Ansible's group of {one.key.replace('_', ' ')}; or none."
        command = click.option(name, f"{_GROUP}{one.key}", metavar="GROUP", help=text)(command)
    return command


@click.command()
@click.argument("path", type=click.Path(path_type=Path), default=_DEFAULT)
@_topic_options
@click.option(
    "--look/--no-look",
    default=None,
    help="Look at the machines by SSH: interfaces, whether VIPs are free, GPUs, Python.",
)
@host_key_option
@click.option(
    "--from-ansible",
    type=GIVEN_PATH,
    metavar="FILE",
    help="Take hosts and SSH settings over from an inventory of Ansible's.",
)
@_group_options
@click.option("--force", is_flag=True, help="Overwrite a file that is there.")
@json_option
def init(
    path: Path,
    look: bool | None,
    accept_new_host_keys: bool,
    from_ansible: Path | None,
    force: bool,
    as_json: bool,
    **options: str | bool | tuple[str, ...] | None,
) -> None:
    """Write a commented inventory to PATH (inventory.yaml).

    Asks for what the options leave open; ? explains a question, and a wrong answer costs that
    answer alone. Without a terminal defaults are taken, and said. What is written passes
    `cluster validate`. With --edge and neither --vip nor --director, edges are the only way in.

    With --look, or a yes to that question, it looks at the machines first: what it sees is shown
    and is the default of the questions that follow, and a virtual IP that somebody has is asked for
    again. Host keys that are not known are shown, and asked about.

    With --from-ansible hosts, their addresses and the way to them come from an inventory in INI or
    YAML, or whatever ansible-inventory reads where that is installed. Roles are told by the names
    of groups, or by --directors, --real-servers … GROUP.

    Exit status: 0 written, 1 not written, 2 wrong answers or command line.
    """
    _require_place(path, force=force)
    given = _given(options)
    asking = Questionnaire(given, path.absolute().parent, err=as_json)
    taken = TakenOver()
    groups = {
        key.removeprefix(_GROUP): name for key, name in given.items() if key.startswith(_GROUP)
    }
    if from_ansible is None:
        _require_no_groups(groups)
    else:
        taken = taken_over(from_ansible, groups, asking, given)
        asking.defaults |= taken.answers
    asking.complete(BEFORE_LOOK)
    if asking.terminal or look:
        settled(asking, taken, path)
    seen = LookResult()
    if _wants_look(asking, look):
        seen = look_around(
            asking,
            lambda: settled(asking, taken, path).inventory,
            path,
            accept_new_host_keys=accept_new_host_keys,
        )
    asking.complete(TOPICS)
    for topic in TOPICS:
        if topic.key in given and topic.key not in asking.answers:
            asking.say(f"{topic.option} counts for nothing with these answers", fg="yellow")
    speakers = member_names(asking.answers, REAL_SERVERS.key)
    for text in without_gpus(asking.seen, speakers, asking.answers["engine"]):
        asking.say(text, fg="yellow")
    reading = settled(asking, taken, path)
    _write(path, inventory_text(asking.draft(taken.ssh, taken.own_ssh)), force=force)
    following = next_commands(path)
    if as_json:
        print_json(_record(path, asking, seen, taken, reading, following))
        return
    show_diagnostics(reading.warnings)
    click.secho(f"Wrote {path}.", fg="green")
    click.echo("Edit it as you like; then:")
    for command in following:
        click.echo(f"  {command}")


def next_commands(path: Path) -> list[str]:
    """The commands that come next, as they are typed in a shell."""
    named = path != Path(_DEFAULT) or os.environ.get("CLUSTER_INVENTORY")
    # Not an option, and not standard input.
    written = path.absolute() if str(path).startswith("-") else path
    option = f" -i {shlex.quote(str(written))}" if named else ""
    return [f"cluster {name}{option}" for name in _NEXT]


def _given(options: Mapping[str, str | bool | tuple[str, ...] | None]) -> dict[str, str]:
    """Answers of options, by the question's key; without empty ones."""
    found = {}
    for key, value in options.items():
        if isinstance(value, bool):
            found[key] = YES if value else NO
        elif text := " ".join(value) if isinstance(value, tuple) else value:
            found[key] = text
    return found


def _require_no_groups(groups: Mapping[str, str]) -> None:
    for question in questions():
        if question.key in groups:
            raise click.UsageError(
                f"{group_option(question.key)} names a group of Ansible's, with --from-ansible; "
                f"hosts are given by {question.option}"
            )


def _wants_look(asking: Questionnaire, look: bool | None) -> bool:
    if look is not None or not asking.terminal:
        return bool(look)
    question = "Look at these machines by SSH now, for better defaults?"
    return asking.yes(question, default=True)


def _require_place(path: Path, *, force: bool) -> None:
    """Before anybody is asked anything."""
    if path.is_dir():
        raise click.UsageError(f"{path} is a folder; name a file in it: {path}/{_DEFAULT}")
    if path.exists() and not force:
        raise click.ClickException(f"{path} is there already; --force overwrites it")
    folder = path.absolute().parent
    if not folder.is_dir():
        raise click.UsageError(f"cannot write {path}: there is no folder {folder}")
    if not os.access(folder, os.W_OK):
        raise click.UsageError(f"cannot write {path}: {folder} is not yours to write to")


def _write(path: Path, text: str, *, force: bool) -> None:
    if path.exists() and not force:
        raise click.ClickException(f"{path} is there already; --force overwrites it")
    try:
        write_durably(path, text)
    except OSError as error:
        raise click.ClickException(f"cannot write {path}: {error.strerror}") from None


def _record(
    path: Path,
    asking: Questionnaire,
    seen: LookResult,
    taken: TakenOver,
    reading: Reading,
    following: list[str],
) -> dict[str, object]:
    hosts = {
        one.key: {member.name: member.address for member in members_of(asking.answers, one.key)}
        for one in questions()
    }
    return {
        "path": str(path),
        "hosts": {key: members for key, members in hosts.items() if members},
        "ansible": taken.said,
        "seen": {name: one.record for name, one in asking.seen.items()},
        "unseen": seen.unseen,
        "vips": [{"taken": one.taken, "said": one.said} for one in seen.vips],
        "warnings": [one.as_dict() for one in reading.warnings],
        "next": following,
    }
