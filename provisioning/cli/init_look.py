"""The look of ``cluster init`` at the machines, with what a person has to say to it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import click
from rich.console import Console

from ..engine.fleet import Fleet
from ..model.inventory import Inventory
from ..operations.cluster.cluster import Cluster
from ..operations.cluster.fleet import open_fleet
from ..operations.init.free_vips import VipAnswer, look_for_vips
from ..operations.init.look import Looked, look
from ..operations.init.seen import sentence, too_old
from ..operations.init.topics import TOPICS
from ..transport.base import ShownKey, UnknownHostKeyError
from ..transport.known_hosts import learn
from .questionnaire import Questionnaire

Draft = Callable[[], Inventory]
"""The inventory as it would be now."""


@dataclass(slots=True)
class LookResult:
    """The outcome, for the record."""

    unseen: dict[str, str] = field(default_factory=dict)
    """Hosts that could not be looked at, with the reason."""
    vips: list[VipAnswer] = field(default_factory=list)


def look_around(
    questions: Questionnaire, draft: Draft, path: Path, *, accept_new_host_keys: bool
) -> LookResult:
    """Look at every host that was named; what is seen becomes defaults. A VIP that is taken is
    asked for again. Raises ``ClickException`` where nobody can be asked."""
    inventory = draft()
    cluster = Cluster(inventory, path)
    with open_fleet(cluster, accept_new_host_keys=accept_new_host_keys) as fleet:
        looked = _look(questions, inventory, fleet)
        questions.seen = dict(looked.seen)
        for name, seen in looked.seen.items():
            questions.say(f"{name}: {sentence(seen)}")
        for text in too_old({name: looked.seen[name] for name in _speakers(inventory, looked)}):
            questions.say(text, fg="yellow")
        result = LookResult({name: str(error) for name, error in fleet.errors.items()})
        for text in result.unseen.values():
            questions.say(f"not looked at: {text}", fg="yellow")
        result.vips = _vips(questions, draft, fleet, looked)
    return result


def _speakers(inventory: Inventory, looked: Looked) -> list[str]:
    return [name for name in inventory.real_servers.hosts if name in looked.seen]


def _look(questions: Questionnaire, inventory: Inventory, fleet: Fleet) -> Looked:
    asked: set[ShownKey] = set()
    while True:
        with Console(stderr=True).status("Looking at the machines"):
            looked = look(inventory, fleet)
        unknown = {
            error.shown: name
            for name, error in fleet.errors.items()
            if isinstance(error, UnknownHostKeyError) and error.shown not in asked
        }
        # A jump host's key comes first, and then that of the host behind it.
        if not unknown or not questions.terminal or not _vouched(questions, unknown):
            return looked
        for shown in unknown:
            learn(shown)
        asked |= unknown.keys()


def _vouched(questions: Questionnaire, unknown: dict[ShownKey, str]) -> bool:
    questions.say("These machines are not known by their SSH host keys yet:")
    for shown, name in unknown.items():
        questions.say(f"  {name}: {shown.host} shows {shown.kind} {shown.fingerprint}")
    questions.say(
        "Compare with the machines' own (there: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub)."
    )
    files = ", ".join(dict.fromkeys(str(shown.file) for shown in unknown))
    return questions.yes(f"Are these their keys? They are written to {files}", default=False)


def _vips(questions: Questionnaire, draft: Draft, fleet: Fleet, looked: Looked) -> list[VipAnswer]:
    """Ask the LAN, and a person for another VIP until one is free or is to stay."""
    while True:
        # The interfaces are known by now.
        found = look_for_vips(draft(), fleet, looked)
        for one in found:
            questions.say(one.said, fg="red" if one.taken else "green")
        taken = [topic for topic in TOPICS if topic.key in {one.key for one in found if one.taken}]
        if not taken:
            return found
        if not questions.terminal:
            raise click.ClickException(
                "Nothing was written: choose a free address; without --look it is written as it is"
            )
        before = dict(questions.answers)
        for topic in taken:
            questions.again(topic)
        if questions.answers == before:
            return found
