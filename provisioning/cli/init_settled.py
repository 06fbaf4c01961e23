"""The inventory of ``cluster init`` once nothing is wrong with it: answers against each other."""

from pathlib import Path

import click

from ..model.loader.diagnostic import InventoryError
from ..model.loader.load import Reading, parse_inventory
from ..operations.init.ansible.takeover import TakenOver
from ..operations.init.inventory_text import inventory_text
from ..operations.init.topic import Topic
from ..operations.init.topics import TOPICS, topic_about
from ..roles.question import AnswerError
from . import exit_codes
from .questionnaire import Questionnaire
from .views.diagnostics import show_diagnostics
from .wrong_inventory import WrongInventoryError


def settled(asking: Questionnaire, taken: TakenOver, path: Path) -> Reading:
    """The inventory as it would be, once nothing is wrong with it: what is, is asked for again.
    Raises ``WrongInventoryError`` where nobody can be asked."""
    while True:
        try:
            text = inventory_text(asking.draft(taken.ssh, taken.own_ssh))
            return parse_inventory(text, path)
        except AnswerError as error:
            raise click.UsageError(str(error)) from None
        except InventoryError as error:
            errors = [one for one in error.diagnostics if one.severity == "error"]
            about = [topic_about(one.key) for one in errors]
            again = [one for one in TOPICS if one in about and one.key in asking.answers]
            if not asking.terminal or not again:
                click.secho(
                    "Nothing was written. (The lines are those it would have had.)", err=True
                )
                raise WrongInventoryError(path, error.diagnostics, exit_codes.INVALID) from None
            show_diagnostics(errors)
            _correct(asking, again)


def _correct(asking: Questionnaire, wrong: list[Topic]) -> None:
    """Ask again what is wrong, and all the rest where the mistake is somewhere else."""
    answered = [one for one in TOPICS if one.key in asking.answers]
    before = dict(asking.answers)
    for topic in wrong:
        asking.again(topic)
    if asking.answers == before:
        asking.say("Then it is another answer; Enter keeps one.")
        for topic in (one for one in answered if one not in wrong):
            asking.again(topic)
    # Another answer may lead to another question, up to where this had come.
    asking.complete(TOPICS[: TOPICS.index(answered[-1]) + 1])
