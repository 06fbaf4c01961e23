"""The questions of roles, for hosts, as those of ``cluster init``. Pure."""

from ...roles.director.director import DIRECTORS
from ...roles.edge.edge import EDGES
from ...roles.question import Question, is_none
from .members import questions
from .topic import Known, Topic, says


def role_topics() -> list[Topic]:
    """The same as topics."""
    return [_topic(question) for question in questions()]


def _topic(question: Question) -> Topic:
    key = question.key
    return Topic(
        key=key,
        option=question.option,
        metavar=question.metavar,
        help=question.help,
        text=says(question.prompt),
        more=question.more or question.help,
        default=lambda known: _default(question, known),
        problem=lambda answer, known: _problem(question, answer, known),
        several=question.several,
        about=(key,),
    )


def _default(question: Question, known: Known) -> str | None:
    alone = is_none(known.answer("vip"))
    if question.key == DIRECTORS.key and alone:
        return "none"
    if question.key == EDGES.key and alone:
        return known.defaults.get(question.key)
    return known.defaults.get(question.key, question.default)


def _problem(question: Question, answer: str, known: Known) -> str | None:
    if question.key == EDGES.key and is_none(answer) and is_none(known.answer("vip")):
        return "without a virtual IP of directors edges are the only way in: at least one"
    return question.problem(answer)
