"""All that an inventory is written from, and what of it becomes keys of hosts. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ...model.hosts import ServiceManager
from ...roles.question import clean
from ...roles.real_server.real_server import REAL_SERVERS
from .app_topics import FOUND
from .members import every_host, member_names
from .seen import Seen, common_cards, gpus_key, usual_interface


@dataclass(frozen=True, slots=True)
class Draft:
    """Answers to all questions that apply, and what else is known of the hosts."""

    answers: Mapping[str, str]
    seen: Mapping[str, Seen] = field(default_factory=dict)
    """By the host's name."""
    ssh: Mapping[str, object] = field(default_factory=dict)
    """SSH settings of all, but for the user."""
    own_ssh: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    """SSH settings that a host has over those, by its name."""


def host_keys(draft: Draft) -> dict[str, dict[str, object]]:
    """Keys of each host beside its address, those that differ from the inventory's."""
    keys: dict[str, dict[str, object]] = {}
    manager = service_manager(draft)
    interface = clean(draft.answers["interface"])
    # Who named another than was found means it; then it is for all.
    found = interface == usual_interface(draft.seen)
    cards = clean(draft.answers.get("gpus", "")) == FOUND
    real_servers = member_names(draft.answers, REAL_SERVERS.key)
    for name in every_host(draft.answers):
        own: dict[str, object] = {}
        seen = draft.seen.get(name, Seen())
        if found and seen.interface and seen.interface != interface:
            own["interface"] = seen.interface
        if seen.manager and manager is None and seen.manager is ServiceManager.SUPERVISOR:
            own["service_manager"] = seen.manager.value
        if cards and name in real_servers:
            own["gpus"] = gpus_key(seen.cards)
        if ssh := draft.own_ssh.get(name):
            own["ssh"] = ssh
        if own:
            keys[name] = own
    return keys


def service_manager(draft: Draft) -> ServiceManager | None:
    """Supervisor where every host has no systemd; None where that is not known of all."""
    managers = {draft.seen.get(name, Seen()).manager for name in every_host(draft.answers)}
    return ServiceManager.SUPERVISOR if managers == {ServiceManager.SUPERVISOR} else None


def real_server_settings(draft: Draft) -> dict[str, object]:
    """Keys of the real servers as a group."""
    answer = clean(draft.answers.get("gpus", ""))
    if not answer or answer == FOUND:
        return {}
    cards = common_cards(draft.seen, member_names(draft.answers, REAL_SERVERS.key))
    same = cards is not None and len(cards) == int(answer)
    return {"gpus": gpus_key(cards) if cards and same else int(answer)}
