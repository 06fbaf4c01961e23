"""An inventory of Ansible's as answers of ``cluster init`` and SSH settings of hosts. Pure."""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ....model.base import NAME_PATTERN
from ....roles.question import Question
from .tree import AnsibleError, AnsibleInventory
from .variables import HostVariables, address_of, host_variables

Lookup = Callable[[str], str | None]
"""The address of a name, as this machine knows it."""
Place = Callable[[str], str | None]
"""A file of this machine's as the inventory is to name it; None where it is not here."""
_FILES = ("key_file", "known_hosts_file", "config_file")


@dataclass(frozen=True, slots=True)
class TakenOver:
    """The content of an inventory of Ansible's."""

    answers: dict[str, str] = field(default_factory=dict)
    """For roles, and ``ssh_user`` where all have one."""
    ssh: dict[str, object] = field(default_factory=dict)
    """Settings that all hosts share, but for the user."""
    own_ssh: dict[str, dict[str, object]] = field(default_factory=dict)
    """Settings that a host has besides, by its name here."""
    said: list[str] = field(default_factory=list)
    """What was done, and what was not."""


def take_over(
    ansible: AnsibleInventory,
    chosen: Mapping[str, str],
    questions: list[Question],
    lookup: Lookup,
    place: Place,
    file: str,
) -> TakenOver:
    """``chosen`` has the group of each role that is there. Raises ``AnsibleError`` for all hosts
    without an address at once."""
    names = dict.fromkeys(host for group in chosen.values() for host in ansible.groups[group])
    found = {name: host_variables(name, ansible.variables.get(name, {})) for name in names}
    addresses = _addresses(found, lookup, file)
    for one in found.values():
        _put_files(one, place)
    taken = TakenOver()
    called: dict[str, str] = {}
    for question in questions:
        if group := chosen.get(question.key):
            hosts = ansible.groups[group]
            _role(taken, called, question, group, [(host, addresses[host]) for host in hosts])
    settings = {called[name]: _settings(one, addresses[name]) for name, one in found.items()}
    _common(taken, settings)
    taken.said.extend(_left(found))
    if others := [name for name in ansible.variables if name not in names]:
        taken.said.append(f"no role here: {_listed(others)}")
    return taken


def _addresses(found: Mapping[str, HostVariables], lookup: Lookup, file: str) -> dict[str, str]:
    addresses: dict[str, str] = {}
    lacking = []
    for name, one in found.items():
        address = address_of(one.reach) or lookup(one.reach)
        if address is None:
            lacking.append(name if one.reach == name else f"{name} ({one.reach})")
        else:
            addresses[name] = address
    if lacking:
        raise AnsibleError(
            f"{file}: no address is known of {_listed(lacking)}: write ansible_host=ADDRESS"
        )
    return addresses


def _put_files(one: HostVariables, place: Place) -> None:
    for key in _FILES:
        if key not in one.ssh:
            continue
        written = str(one.ssh.pop(key))
        if here := place(written):
            one.ssh[key] = here
        else:
            one.left[f"{key} {written}"] = "there is no such file here"


def _role(
    taken: TakenOver,
    called: dict[str, str],
    question: Question,
    group: str,
    hosts: list[tuple[str, str]],
) -> None:
    words = []
    for number, (name, address) in enumerate(hosts, 1):
        fits = re.fullmatch(NAME_PATTERN, name) and address_of(name) is None
        # One that cannot be a name here is numbered; what is no ASCII stays as a comment.
        if fits or name in called:
            words.append(f"{called.setdefault(name, name)}={address}")
            continue
        words.append(address if name.isascii() else f"{name}={address}")
        called[name] = f"{question.prefix}{number}"
    taken.answers[question.key] = " ".join(words)
    listed = _listed([name for name, _ in hosts])
    taken.said.append(f"{question.key}: the group {group} ({listed})")


def _settings(one: HostVariables, address: str) -> dict[str, object]:
    """With the name that is connected to where that is not the address."""
    return one.ssh if address_of(one.reach) == address else {"host": one.reach, **one.ssh}


def _common(taken: TakenOver, settings: Mapping[str, dict[str, object]]) -> None:
    """Say once what most hosts have, where the others have something else instead."""
    keys = dict.fromkeys(key for own in settings.values() for key in own)
    for key in keys:
        values = [own[key] for own in settings.values() if key in own]
        usual = Counter(values).most_common(1)[0][0]
        shared = len(values) == len(settings) and key != "host"
        if shared and key == "user":
            taken.answers["ssh_user"] = str(usual)
        elif shared:
            taken.ssh[key] = usual
        for name, own in settings.items():
            if key in own and (not shared or own[key] != usual):
                taken.own_ssh.setdefault(name, {})[key] = own[key]


def _left(found: Mapping[str, HostVariables]) -> list[str]:
    """Variables that are not taken over, those that only have a name in one line."""
    hosts: dict[tuple[str, str], list[str]] = {}
    for name, one in found.items():
        for key, why in one.left.items():
            hosts.setdefault((key, why), []).append(name)
    said = [
        f"not taken over: {key} ({_listed(names)}): {why}"
        for (key, why), names in hosts.items()
        if why
    ]
    plain = list(dict.fromkeys(key for key, why in hosts if not why))
    return said + (
        [f"not taken over, as nothing here reads them: {', '.join(plain)}"] if plain else []
    )


def _listed(names: list[str]) -> str:
    return (
        ", ".join(names) if len(names) <= 6 else f"{', '.join(names[:5])} and {len(names) - 5} more"
    )
