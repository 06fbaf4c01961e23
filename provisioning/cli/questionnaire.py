"""The questions of ``cluster init``, put to a person, or answered by options and defaults."""

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import click

from ..operations.init.draft import Draft
from ..operations.init.seen import Seen
from ..operations.init.topic import Known, Topic
from ..operations.init.topics import TOPICS
from ..roles.question import clean
from .asking import interruptible

_HELP = "?"


def on_terminal() -> bool:
    """Tell whether there is a person to ask."""
    return sys.stdin.isatty()


class Questionnaire:
    """Answers so far; a question is put once, and again where its answer cannot be used."""

    def __init__(self, given: Mapping[str, str], folder: Path, *, err: bool) -> None:
        """``given`` has the answers of options; with ``err`` all that is said goes to standard
        error."""
        self._given = dict(given)
        self.folder, self._err = folder, err
        self.defaults: dict[str, str] = {}
        """What another inventory says."""
        self.answers: dict[str, str] = {}
        self.seen: dict[str, Seen] = {}
        self.terminal = on_terminal()

    def complete(self, topics: Iterable[Topic]) -> None:
        """Ask whatever of these was not answered yet. An earlier answer may make a question void;
        then its own is forgotten."""
        for topic in topics:
            if not topic.applies(self._known()):
                self.answers.pop(topic.key, None)
            elif topic.key not in self.answers:
                self.answers[topic.key] = self._answer(topic)

    def again(self, topic: Topic) -> None:
        """Ask once more; the earlier answer is the default."""
        self.answers[topic.key] = self._asked(topic, self.answers.get(topic.key))

    def draft(
        self, ssh: Mapping[str, object], own_ssh: Mapping[str, Mapping[str, object]]
    ) -> Draft:
        """All answers, with defaults where nobody was asked yet."""
        answers = dict(self.answers)
        for topic in TOPICS:
            known = Known(answers, self.seen, self.defaults, self.folder)
            if topic.key not in answers and topic.applies(known):
                # Not what an option says: that may need answers which nobody gave yet.
                answers[topic.key] = topic.default(known) or "none"
        return Draft(answers, self.seen, ssh, own_ssh)

    def say(self, text: str, **style: str) -> None:
        """A line for the person."""
        click.secho(text, err=self._err, **style)  # type: ignore[arg-type]

    def yes(self, question: str, *, default: bool) -> bool:
        """Ask for a yes or a no."""
        with interruptible():
            return click.confirm(question, default=default, err=self._err)

    def pick(self, question: str, default: str | None, choices: Iterable[str], more: str) -> str:
        """Ask for one of several words."""
        words = list(choices)

        def problem(answer: str, _: Known) -> str | None:
            return None if answer in words else f"{answer!r} is none of {', '.join(words)}"

        topic = Topic(
            key="",
            option="",
            metavar=None,
            help="",
            text=lambda _: question,
            more=more,
            problem=problem,
        )
        return self._asked(topic, default)

    def _known(self) -> Known:
        # Those that an option answers are known before they are come to: by --edge alone there are
        # no directors.
        return Known({**self._given, **self.answers}, self.seen, self.defaults, self.folder)

    def _answer(self, topic: Topic) -> str:
        known = self._known()
        default = topic.default(known)
        if (given := self._given.get(topic.key)) is not None:
            problem = None if topic.beyond else topic.problem(given, known)
            if problem is None:
                return given
            if not self.terminal:
                raise click.UsageError(f"{topic.option}: {problem}")
            self._wrong(f"{topic.option}: {problem}")
            return self._asked(topic, default)
        if self.terminal:
            return self._asked(topic, default)
        if default is None or (problem := topic.problem(default, known)):
            why = f" ({problem})" if default is not None else ""
            raise click.UsageError(f"there is no terminal to ask on; give {topic.option}{why}")
        click.echo(f"{topic.text(known)}: {default} ({topic.option})", err=True)
        return default

    def _asked(self, topic: Topic, default: str | None) -> str:
        known = self._known()
        while True:
            with interruptible():
                # As text: click would read a default as a number otherwise.
                answer = str(
                    click.prompt(topic.text(known), default=default, type=str, err=self._err)
                )
            if clean(answer) == _HELP:
                option = f" Option: {topic.option}." if topic.option else ""
                more = click.wrap_text(f"{topic.more}{option}", 78, "  ", "  ")
                self.say(more, fg="cyan")
            elif problem := topic.problem(answer, known):
                self._wrong(problem)
            else:
                return answer

    def _wrong(self, problem: str) -> None:
        self.say(f"  {problem}", fg="red")
