"""An inventory of Ansible's as defaults of ``cluster init``: which group is which role."""

import socket
from collections.abc import Callable, Mapping
from pathlib import Path

import click

from ..model.paths import against, is_file
from ..operations.init.ansible.read import read_ansible
from ..operations.init.ansible.roles import guessed, narrowed
from ..operations.init.ansible.takeover import TakenOver, take_over
from ..operations.init.ansible.tree import AnsibleInventory
from ..operations.init.members import questions
from ..roles.director.director import DIRECTORS
from ..roles.question import is_none
from ..roles.real_server.real_server import REAL_SERVERS
from .questionnaire import Questionnaire

_NEEDED = (DIRECTORS.key, REAL_SERVERS.key)
"""Roles that are asked for where no group has such a name."""


def group_option(key: str) -> str:
    """The option that names the group of a role."""
    name = f"--{key.replace('_', '-')}"
    taken = {one.option for one in questions()}
    return f"{name}-group" if name in taken else name


def taken_over(
    path: Path, groups: Mapping[str, str], asking: Questionnaire, answered: Mapping[str, str]
) -> TakenOver:
    """Read it, and say what was made of it. ``groups`` are those that options name, ``answered``
    the roles whose hosts options name. Raises ``AnsibleError``, ``UsageError``."""
    ansible, said = read_ansible(path)
    chosen = {
        key: group for key, group in _groups(ansible, groups, asking).items() if key not in answered
    }
    found = take_over(ansible, chosen, questions(), _address, _place(asking.folder), str(path))
    for text in [*said, *found.said]:
        asking.say(text, fg="cyan")
    return TakenOver(found.answers, found.ssh, found.own_ssh, [*said, *found.said])


def _groups(
    ansible: AnsibleInventory, named: Mapping[str, str], asking: Questionnaire
) -> dict[str, str]:
    keys = [one.key for one in questions()]
    guesses = guessed(ansible.groups, keys)
    chosen: dict[str, str] = {}
    listed = ", ".join(f"{name} ({len(hosts)})" for name, hosts in ansible.groups.items())
    for key in keys:
        option = group_option(key)
        if (name := named.get(key)) is not None:
            if is_none(name):
                continue
            if name not in ansible.groups:
                raise click.UsageError(f"{option}: there is no group {name}; there are: {listed}")
            chosen[key] = name
            continue
        candidates = narrowed(guesses[key], ansible.groups)
        nobody = not candidates and key in _NEEDED
        if asking.terminal and (nobody or len(candidates) > 1):
            default = candidates[0] if candidates else "none"
            group = asking.pick(
                f"Ansible's group of {key.replace('_', ' ')}: {listed}, or none",
                default,
                [*ansible.groups, "none"],
                f"{option} names it on the command line.",
            )
            chosen |= {} if group == "none" else {key: group}
        elif len(candidates) > 1:
            raise click.UsageError(
                f"{', '.join(candidates)} may be the {key.replace('_', ' ')}; give {option}"
            )
        elif candidates:
            chosen[key] = candidates[0]
    return chosen


def _place(folder: Path) -> Callable[[str], str | None]:
    """Files as an inventory in ``folder`` names them. Ansible starts where it is run."""

    def place(written: str) -> str | None:
        file = against(Path.cwd(), Path(written))
        if not is_file(file):
            return None
        if Path(written).is_absolute() or written.startswith("~"):
            return written
        return written if folder == Path.cwd() else str(file)

    return place


def _address(name: str) -> str | None:
    """The address of a name, IPv4 first, as this machine knows it."""
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return None
    addresses = sorted((one[0] is not socket.AF_INET, str(one[4][0])) for one in found)
    return addresses[0][1] if addresses else None
